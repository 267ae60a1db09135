import { execa } from 'execa';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import type { Outcome } from '../../../src/notify/outcome.js';
import { openRecords, type Records } from '../../../src/schedule/records.js';
import { waitFor } from '../../../src/util/wait.js';
import { listen, type Heard } from '../../support/listener.js';
import { ownFolder } from '../util/folder.js';

const program = fileURLToPath(new URL('../../../bin/stillpoint.js', import.meta.url));

/** A schedule `tidy` that prunes a bucket which does not answer, so that a run of it lasts until it is ended. */
async function mute() {
  const folder = await ownFolder();
  const bucket = await listen(() => 'hang');
  const hook = await listen();
  const server = { host: 'nowhere.invalid', user: 'u' };
  const file = join(folder, 'stillpoint.yaml');
  const place = { type: 's3', bucket: 'b', region: 'x', endpoint: bucket.url };
  const stateDir = join(folder, 'state');
  await writeFile(
    file,
    stringify({
      pairs: { shop: { source: server, replica: server, retention: { keepLast: 1 } } },
      stores: { main: { ...place, forcePathStyle: true } },
      notify: { webhook: hook.url },
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
  return { start, records, hook };
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

const eventsOf = (heard: readonly Heard[]) =>
  heard.map(({ body }) => {
    const { event, error } = JSON.parse(body) as Outcome;
    return `${event}: ${error?.message.replace(/\d{4}-\S+Z/, 'then') ?? ''}`;
  });
const killed = 'prune.failed: the run of schedule tidy that began at then was killed';

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

test('one that was killed keeps nobody out; the next one tells of it', async () => {
  const { start, records, hook } = await mute();
  const first = start('run', 'tidy');
  await begun(records, 1);
  first.kill('SIGKILL');
  expect((await first).signal).toBe('SIGKILL');
  void start('run', 'tidy');
  await begun(records, 2);
  expect(eventsOf(hook.heard)).toEqual([killed]);
  expect((await records.read()).runs).toMatchObject([
    { killed: true, endedAt: null, left: ['shop'] },
    { killed: false, endedAt: null },
  ]);
});

test('a daemon that was killed with its run: the next one tells, repeats once, and not again', async () => {
  const { start, records, hook } = await mute();
  await records.watchedSince(new Date('2024-01-02T00:00:00Z'));
  const first = start('daemon', 'tidy');
  const pid = await begun(records, 1);
  first.kill('SIGKILL');
  process.kill(pid, 'SIGKILL');
  await first;

  const second = start('daemon', 'tidy');
  process.kill(await begun(records, 2), 'SIGKILL');
  const isTold = () => Promise.resolve(hook.heard.length === 2 ? true : null);
  expect(await waitFor(isTold, { within: 60 })).toBe(true);
  second.kill('SIGTERM');
  const { exitCode, stderr } = await second;
  expect(exitCode).toBe(143);
  const lines = stderr.split('\n').filter((line) => line.startsWith('tidy: '));
  expect(lines).toEqual([
    'tidy: its last run was killed; it is repeated',
    expect.stringMatching(/^tidy: started, \d+ min after it was due$/),
    'tidy: ended with 137',
    'tidy: its last run was killed; so was the one before, so it waits for its next time',
  ]);
  expect(eventsOf(hook.heard)).toEqual([killed, killed]);
  expect((await records.read()).runs).toHaveLength(2);
});
