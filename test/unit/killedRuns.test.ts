import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { settleRuns } from '../../src/killedRuns.js';
import type { Outcome } from '../../src/notify/outcome.js';
import { withRunLock } from '../../src/schedule/lock.js';
import { openRecords } from '../../src/schedule/records.js';
import type { Schedule } from '../../src/schedule/schedule.js';
import { systemClock } from '../../src/util/clock.js';
import { listen } from '../support/listener.js';
import { notifying } from '../support/notifying.js';
import { ownFolder } from './util/folder.js';

const nightly: Schedule = {
  ...{ name: 'nightly', file: '/x', shipped: false, enabled: true, zone: 'UTC' },
  ...{ cron: '30 2 * * *', pair: 'all', action: 'backup', options: {} },
};
const report: Schedule = { ...nightly, action: 'report', options: { output: '/x' } };

/** A run of three pairs that has done the first and has no end on record. */
async function open() {
  const folder = await ownFolder();
  const [check, hook] = [await listen(), await listen()];
  const metricsFile = join(folder, 'stillpoint.prom');
  const notify = { heartbeat: `${check.url}/{pair}`, webhook: hook.url, metricsFile };
  const config = notifying(folder, notify, { shop: {}, crm: {}, web: {} });
  const run = { startedAt: '2026-11-24T02:30:05.000Z', pid: 1, left: ['crm', 'web'] };
  const records = openRecords(folder, 'nightly');
  await records.put({ ...run, endedAt: null, exit: null, error: null });
  const warnings: string[] = [];
  const telling = { clock: systemClock, warn: (text: string) => warnings.push(text) };
  const settle = async (schedule = nightly) => await settleRuns(config, schedule, telling);
  return { folder, check, hook, metricsFile, records, settle, warnings };
}

test('the pair that it was at has failed, and so have those after it; once', async () => {
  const { check, hook, metricsFile, records, settle, warnings } = await open();
  expect(await settle()).toBe('killed');
  expect(check.heard.map(({ path }) => path.replace(/\?.*/, ''))).toEqual([
    ...['/crm/fail', '/web/fail'],
  ]);
  const documents = hook.heard.map(({ body }) => JSON.parse(body) as Outcome);
  const message = 'the run of schedule nightly that began at 2026-11-24T02:30:05.000Z was killed';
  const failed = { event: 'backup.failed', exit: 1, startedAt: '2026-11-24T02:30:05.000Z' };
  expect(documents).toMatchObject([
    { ...failed, pair: 'crm', error: { code: 'failed', message } },
    { ...failed, pair: 'web', error: { message: `${message} before it came to web` } },
  ]);
  const metrics = await readFile(metricsFile, 'utf8');
  expect(metrics).toContain('last_run_exit_status{pair="web",action="backup"} 1\n');
  expect(metrics).not.toContain('pair="shop"');
  expect((await records.read()).runs).toMatchObject([{ killed: true, endedAt: null }]);
  expect(await settle()).toBe('idle');
  expect([hook.heard.length, warnings]).toEqual([2, []]);
});

test('one that goes on is left alone', async () => {
  const { folder, hook, records, settle } = await open();
  const lock = { stateDir: folder, schedule: 'nightly', clock: systemClock };
  expect(await withRunLock(lock, async () => await settle())).toBe('going on');
  expect(hook.heard).toEqual([]);
  expect((await records.read()).runs).toMatchObject([{ killed: false }]);
});

test('a report that was killed is nobody’s news', async () => {
  const { hook, settle } = await open();
  expect(await settle(report)).toBe('killed');
  expect(hook.heard).toEqual([]);
});
