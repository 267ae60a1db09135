import { expect, test } from 'vitest';
import { openRecords } from '../../../src/schedule/records.js';
import { runSchedule } from '../../../src/schedule/run.js';
import type { Schedule } from '../../../src/schedule/schedule.js';
import { ownFolder } from '../util/folder.js';

const nightly: Schedule = {
  ...{ name: 'nightly', file: '/x/nightly.yaml', shipped: false, enabled: true, zone: 'UTC' },
  ...{ action: 'backup', pair: 'all', options: {}, cron: '30 2 * * *' },
};
let second = 0;
const clock = {
  now: () => new Date(Date.UTC(2026, 10, 24, 2, 30, second++)),
  seconds: () => second,
};

test('every pair has its turn, and a record tells how it ended', async () => {
  const stateDir = await ownFolder();
  const records = openRecords(stateDir, 'nightly');
  const lines: string[] = [];
  const end = await runSchedule(nightly, {
    pairs: ['shop', 'books'],
    run: async (argv) => {
      lines.push(argv.join(' '));
      const { runs } = await records.read();
      expect(runs.at(-1)).toMatchObject({ endedAt: null, exit: null });
      return argv[1] === 'shop' ? { exit: 10, error: 'too much lag' } : { exit: 0, error: null };
    },
    ...{ records, clock, signal: new AbortController().signal },
  });
  expect(lines).toEqual(['backup shop --label nightly', 'backup books --label nightly']);
  expect(end).toMatchObject({ exit: 3, error: 'too much lag' });
  const { runs } = await openRecords(stateDir, 'nightly').read();
  expect(runs).toHaveLength(1);
  expect(runs[0]).toMatchObject({ exit: 3, error: 'too much lag', pid: process.pid });
  expect(Date.parse(runs[0]!.endedAt!)).toBeGreaterThan(Date.parse(runs[0]!.startedAt));
});

test('no pair is begun after a signal', async () => {
  const ending = new AbortController();
  const { pairs } = await runSchedule(nightly, {
    pairs: ['shop', 'books'],
    run: () => {
      ending.abort();
      return Promise.resolve({ exit: 143, error: 'ended by SIGTERM' });
    },
    records: openRecords(await ownFolder(), 'nightly'),
    ...{ clock, signal: ending.signal },
  });
  expect(pairs.map(({ pair }) => pair)).toEqual(['shop']);
});

test('the newest 20 runs are kept', async () => {
  const records = openRecords(await ownFolder(), 'nightly');
  await records.watchedSince(new Date('2026-01-01T00:00:00Z'));
  for (let day = 1; day <= 22; day++)
    await records.put({
      startedAt: new Date(Date.UTC(2026, 0, day)).toISOString(),
      ...{ endedAt: null, exit: null, error: null, pid: 1 },
    });
  const { runs, watchedSince } = await records.read();
  expect(runs.map(({ startedAt }) => startedAt.slice(8, 10))[0]).toBe('03');
  expect(runs).toHaveLength(20);
  expect(watchedSince).toBe('2026-01-01T00:00:00.000Z');
});
