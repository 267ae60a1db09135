import { describe, expect, test } from 'vitest';
import { runDaemon, type DaemonOptions } from '../../../src/schedule/daemon.js';
import { isOpen, openRecords } from '../../../src/schedule/records.js';
import type { Schedule } from '../../../src/schedule/schedule.js';
import { waitFor } from '../../../src/util/wait.js';
import { ownFolder } from '../util/folder.js';

const schedule = (name: string, cron: string, pair: string): Schedule => ({
  ...{ name, cron, pair, file: '/x', shipped: false, enabled: true, zone: 'UTC' },
  ...{ action: 'backup', options: {} },
});
const two = [schedule('nightly', '30 2 * * *', 'shop'), schedule('drill', '30 2 * * *', 'shop')];

/**
 * A daemon on a clock that `wall` moves: it is given the number of the look and answers with minutes to
 * go on by; null ends the daemon. A run takes `lasts` looks and ends with the next of `exits`, or with 0; one of
 * 137 leaves its record as a killed one does, one of 136 dies before it has written any. One that
 * it finds goes on for so many looks and is then seen to be dead.
 */
async function play(
  stateDir: string,
  begin: string,
  wall: (look: number) => number | null,
  lasts = 0,
  schedules = two,
  exits: number[] = [],
  goesOn = 0,
): Promise<string[]> {
  const ending = new AbortController();
  const lines: string[] = [];
  let now = Date.parse(begin);
  let look = 0;
  const clock = { now: () => new Date(now), seconds: () => 0 };
  const at = () => new Date(now).toISOString().slice(8, 16);
  let ends: { look: number; end: () => void }[] = [];
  const options: DaemonOptions = {
    ...{ schedules, clock, signal: ending.signal },
    records: (name) => openRecords(stateDir, name),
    start: (name) => {
      lines.push(`${at()} ${name}`);
      const exit = exits.shift() ?? 0;
      const records = openRecords(stateDir, name);
      const begun = { startedAt: new Date(now).toISOString(), pid: 1, exit: null, error: null };
      const written = exit === 136 ? null : records.put({ ...begun, endedAt: null });
      let end = (): void => undefined;
      const ended = new Promise<void>((resolve) => (end = resolve)).then(async () => {
        await written;
        const endedAt = new Date(now).toISOString();
        if (exit < 136) await records.put({ ...begun, endedAt, exit });
        return exit;
      });
      ends.push({ look: look + lasts, end });
      return {
        ended,
        end() {
          lines.push(`${at()} ${name} is ended`);
          end();
        },
      };
    },
    settle: async ({ name }) => {
      const records = openRecords(stateDir, name);
      if (!(await records.read()).runs.some(isOpen)) return 'idle';
      if (goesOn-- > 0) return 'going on';
      await records.markKilled();
      lines.push(`${at()} ${name} was killed`);
      return 'killed';
    },
    sleep: async (_, woken) => {
      const over = ends.filter((one) => one.look <= look);
      ends = ends.filter((one) => one.look > look);
      for (const one of over) one.end();
      const minutes = wall(look++);
      if (minutes === null) ending.abort();
      else now += minutes * 60_000;
      // What has ended is told before the next look.
      const isTold = () => Promise.resolve(woken.aborted ? true : null);
      if (over.length > 0) await waitFor(isTold, { within: 20, every: 1 });
    },
    say: () => undefined,
    ready: () => Promise.resolve(),
  };
  await runDaemon(options);
  return lines;
}

test('two that are due at once on one pair run one after the other', async () => {
  const lines = await play(await ownFolder(), '2026-11-24T02:29:00Z', (look) =>
    look < 5 ? 1 : null,
  );
  expect(lines).toEqual(['24T02:30 drill', '24T02:31 nightly']);
});

test('a run that was missed while it was not there is caught up once, from the records', async () => {
  const stateDir = await ownFolder();
  const only = two.slice(0, 1);
  expect(await play(stateDir, '2026-11-20T12:00:00Z', () => null, 0, only)).toEqual([]);
  const lines = await play(
    stateDir,
    '2026-11-24T09:00:00Z',
    (look) => (look < 9 ? 1 : null),
    0,
    only,
  );
  expect(lines).toEqual(['24T09:00 nightly']);
});

test('what it has never watched is not caught up', async () => {
  expect(await play(await ownFolder(), '2026-11-24T09:00:00Z', () => null)).toEqual([]);
});

test('told to end, it ends what runs and waits for it', async () => {
  const lines = await play(
    await ownFolder(),
    '2026-11-24T02:30:00Z',
    (look) => (look < 1 ? 1440 : null),
    99,
    two.slice(0, 1),
  );
  expect(lines).toEqual(['25T02:30 nightly', '25T02:30 nightly is ended']);
});

describe('a run that was killed', () => {
  const only = two.slice(0, 1);
  const looks = (count: number) => (look: number) => (look < count ? 1 : null);

  test('is repeated once, and then waits for its next time, which may be killed too', async () => {
    const nights = (look: number) => (look === 4 ? 1440 : look < 8 ? 1 : null);
    const exits = [137, 137, 137];
    const lines = await play(await ownFolder(), '2026-11-24T02:29:00Z', nights, 0, only, exits);
    expect(lines).toEqual([
      ...['24T02:30 nightly', '24T02:31 nightly was killed'],
      ...['24T02:31 nightly', '24T02:32 nightly was killed'],
      ...['25T02:33 nightly', '25T02:34 nightly was killed'],
    ]);
  });

  test('is repeated again once one in between has ended by itself', async () => {
    const nights = (look: number) => (look === 4 ? 1440 : look < 8 ? 1 : null);
    const exits = [137, 1, 137];
    const lines = await play(await ownFolder(), '2026-11-24T02:29:00Z', nights, 0, only, exits);
    expect(lines.slice(2)).toEqual([
      '24T02:31 nightly',
      ...['25T02:33 nightly', '25T02:34 nightly was killed', '25T02:34 nightly'],
    ]);
  });

  test('together with the daemon is seen and repeated by the next one, once', async () => {
    const stateDir = await ownFolder();
    await openRecords(stateDir, 'nightly').put({
      ...{ startedAt: '2026-11-24T02:30:05Z', endedAt: null, exit: null, error: null, pid: 1 },
    });
    const lines = await play(stateDir, '2026-11-24T03:00:00Z', looks(4), 0, only);
    expect(lines).toEqual(['24T03:00 nightly was killed', '24T03:00 nightly']);
    const again = await play(stateDir, '2026-11-24T04:00:00Z', looks(4), 0, only);
    expect(again).toEqual([]);
  });

  test('but goes on when the daemon comes back keeps others off its pair until it is dead', async () => {
    const stateDir = await ownFolder();
    await openRecords(stateDir, 'drill').watchedSince(new Date('2026-11-24T02:00:00Z'));
    await openRecords(stateDir, 'nightly').put({
      ...{ startedAt: '2026-11-24T02:30:05Z', endedAt: null, exit: null, error: null, pid: 1 },
    });
    const lines = await play(stateDir, '2026-11-24T03:00:00Z', looks(6), 0, two, [], 3);
    expect(lines).toEqual(['24T03:02 nightly was killed', '24T03:02 drill', '24T03:03 nightly']);
  });

  test('is seen also when it had written nothing yet', async () => {
    const stateDir = await ownFolder();
    const begin = '2026-11-24T02:29:00Z';
    expect(await play(stateDir, begin, looks(4), 0, only, [136])).toEqual([
      ...['24T02:30 nightly', '24T02:31 nightly was killed', '24T02:31 nightly'],
    ]);
  });

  test('while the daemon was told to end is left to the next one', async () => {
    const stateDir = await ownFolder();
    const ended = (look: number) => (look < 1 ? 1 : null);
    const lines = await play(stateDir, '2026-11-24T02:29:00Z', ended, 99, only, [137]);
    expect(lines.slice(0, 2)).toEqual(['24T02:30 nightly', '24T02:30 nightly is ended']);
    const next = await play(stateDir, '2026-11-24T03:00:00Z', looks(2), 0, only);
    expect(next).toEqual(['24T03:00 nightly']);
  });
});
