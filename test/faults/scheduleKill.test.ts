import { execa } from 'execa';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Outcome } from '../../src/notify/outcome.js';
import { openRecords } from '../../src/schedule/records.js';
import { waitFor } from '../../src/util/wait.js';
import { pair } from '../rig/shared.js';
import { onlySmall, setUp, smallShop } from '../support/cli.js';
import { fakeMysqldump } from '../support/fakeMysqldump.js';
import { listen } from '../support/listener.js';

const program = new URL('../../bin/stillpoint.js', import.meta.url).pathname;

beforeAll(smallShop);

test('a backup that is killed in the pause is told as failed, and the daemon takes it again', async () => {
  const hook = await listen();
  const { folder } = await setUp();
  const mark = join(folder, 'killed');
  // The one that it kills is the run: programs are its own children.
  const tools = await fakeMysqldump(
    `if [ ! -e ${mark} ]; then touch ${mark}; kill -9 $PPID; exit 1; fi; REAL`,
  );
  const setup = await setUp({
    pair: { ...onlySmall, tools },
    top: { notify: { webhook: hook.url } },
  });
  const schedules = join(setup.folder, 'schedules');
  await mkdir(schedules);
  await writeFile(join(schedules, 'yearly.yaml'), "{ action: backup, cron: '0 0 1 1 *' }");
  const records = openRecords(setup.config.stateDir, 'yearly');
  await records.watchedSince(new Date('2024-01-02T00:00:00Z'));

  const daemon = execa(
    process.execPath,
    [program, '-c', setup.file, 'schedule', 'daemon', 'yearly'],
    { reject: false, stdin: 'ignore' },
  );
  onTestFinished(() => void daemon.kill('SIGTERM'));
  const isTold = () => Promise.resolve(hook.heard.length === 2 ? true : null);
  const told = await waitFor(isTold, { within: 90 });
  daemon.kill('SIGTERM');
  const { exitCode, stderr } = await daemon;
  expect(told, stderr).toBe(true);
  expect(exitCode).toBe(143);
  const outcomes = hook.heard.map(({ body }) => JSON.parse(body) as Outcome);
  expect(outcomes).toMatchObject([
    { event: 'backup.failed', pair: 'shop', record: null },
    { event: 'backup.succeeded', pair: 'shop' },
  ]);
  expect(outcomes[0]!.error!.message).toMatch(/^the run of schedule yearly .* was killed$/);
  expect(await pair.applierRunning()).toBe(true);
  const listed = (await setup.ok('list', '--json')).json as { label: string }[];
  expect(listed.map(({ label }) => label)).toEqual(['yearly']);
  expect((await records.read()).runs).toMatchObject([
    { killed: true, endedAt: null },
    { killed: false, exit: 0, left: [] },
  ]);
});
