import { expect, test } from 'vitest';
import { runDaemon, type DaemonOptions } from '../../../src/schedule/daemon.js';
import { openRecords } from '../../../src/schedule/records.js';
import type { Schedule } from '../../../src/schedule/schedule.js';
import { ownFolder } from '../util/folder.js';

const schedule = (name: string, cron: string, pair: string): Schedule => ({
  ...{ name, cron, pair, file: '/x', shipped: false, enabled: true, zone: 'UTC' },
  ...{ action: 'backup', options: {} },
});
const two = [schedule('nightly', '30 2 * * *', 'shop'), schedule('drill', '30 2 * * *', 'shop')];

/**
 * A daemon on a clock that `wall` moves: it is given the number of the look and answers with minutes to
 * go on by; null ends the daemon. A run takes `lasts` looks.
 */
async function play(
  stateDir: string,
  begin: string,
  wall: (look: number) => number | null,
  lasts = 0,
  schedules = two,
): Promise<string[]> {
  const ending = new AbortController();
  const lines: string[] = [];
  let now = Date.parse(begin);
  let look = 0;
  const clock = { now: () => new Date(now), seconds: () => 0 };
  const at = () => new Date(now).toISOString().slice(8, 16);
  const ends: { look: number; end: () => void }[] = [];
  const options: DaemonOptions = {
    ...{ schedules, clock, signal: ending.signal },
    records: (name) => openRecords(stateDir, name),
    start: (name) => {
      lines.push(`${at()} ${name}`);
      let end = (): void => undefined;
      const ended = new Promise<number>((resolve) => {
        end = () => resolve(0);
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
    sleep: async () => {
      for (const one of ends) if (one.look <= look) one.end();
      const minutes = wall(look++);
      if (minutes === null) ending.abort();
      else now += minutes * 60_000;
      // What has ended is told before the next look.
      await new Promise(setImmediate);
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
