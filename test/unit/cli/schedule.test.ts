import { execa } from 'execa';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { openRecords, type Records } from '../../../src/schedule/records.js';
import { waitFor } from '../../../src/util/wait.js';
import { listen } from '../../support/listener.js';
import { ownFolder } from '../util/folder.js';

const program = fileURLToPath(new URL('../../../bin/stillpoint.js', import.meta.url));

/** A schedule `tidy` that prunes a bucket which does not answer, so that a run of it lasts until it is ended. */
async function mute() {
  const folder = await ownFolder();
  const bucket = await listen(() => 'hang');
  const server = { host: 'nowhere.invalid', user: 'u' };
  const file = join(folder, 'stillpoint.yaml');
  const place = { type: 's3', bucket: 'b', region: 'x', endpoint: bucket.url };
  const stateDir = join(folder, 'state');
  await writeFile(
    file,
    stringify({
      pairs: { shop: { source: server, replica: server, retention: { keepLast: 1 } } },
      stores: { main: { ...place, forcePathStyle: true } },
      stateDir,
    }),
  );
  const schedule = { action: 'prune', pair: 'shop', cron: '0 0 1 1 *' };
  await mkdir(join(folder, 'schedules'));
  await writeFile(join(folder, 'schedules', 'tidy.yaml'), stringify(schedule));
  const start = (...args: string[]) => {
    const child = execa(process.execPath, [program, '-c', file, 'schedule', ...args], {
      reject: false,
      stdin: 'ignore',
      env: { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  };
  const records = openRecords(stateDir, 'tidy');
  return { start, records };
}

/** The pid of the newest run, once so many have begun. */
async function begun(records: Records, count: number): Promise<number> {
  const newest = async () => {
    const { runs } = await records.read();
    return runs.length === count ? (runs.at(-1)?.pid ?? null) : null;
  };
  const pid = await waitFor(newest, { within: 60 });
  if (pid === null) throw new Error(`no run ${count}`);
  return pid;
}

test('of several that start at once one runs; the others say so and end with 11', async () => {
  const { start, records } = await mute();
  const runs = [1, 2, 3, 4].map(() => start('run', 'tidy'));
  const done = runs.map(async (run) => await run);
  const ended: Awaited<(typeof runs)[number]>[] = [];
  for (const one of done) void one.then((end) => ended.push(end));
  const isThree = () => Promise.resolve(ended.length === 3 ? true : null);
  expect(await waitFor(isThree, { within: 60 })).toBe(true);
  await begun(records, 1);
  expect(ended.map(({ exitCode }) => exitCode)).toEqual([11, 11, 11]);
  for (const { stderr } of ended)
    expect(stderr).toMatch(/^left out: another run of schedule tidy is going on since 20/);
  // As a timer starts it: nothing for cron to mail.
  expect(await start('run', 'tidy', '--quiet')).toMatchObject({
    ...{ exitCode: 11, stdout: '', stderr: '' },
  });
  const { stdout } = await start('run', 'tidy', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ schedule: 'tidy', exit: 11, pairs: [] });
});

test('one that was killed keeps nobody out', async () => {
  const { start, records } = await mute();
  const first = start('run', 'tidy');
  await begun(records, 1);
  first.kill('SIGKILL');
  expect((await first).signal).toBe('SIGKILL');
  void start('run', 'tidy');
  await begun(records, 2);
});
