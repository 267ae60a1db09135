import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { followRun } from '../../../../src/cli/output/followRun.js';
import type { Terminal } from '../../../../src/cli/output/terminal.js';
import type { RunEvent } from '../../../../src/util/observe.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

/** The live line after each event, and the lines that stay. */
function followed() {
  const notes: string[] = [];
  let live = '';
  const terminal = {
    note: (line: string) => void notes.push(line),
    live: (line: string) => void (live = line),
  } as Terminal;
  const follow = followRun(terminal);
  return {
    notes,
    after: (event: RunEvent, seconds = 0): string => {
      vi.advanceTimersByTime(seconds * 1000);
      follow(event, false);
      return live;
    },
  };
}

test('a restore says how much of what is planned it has read, how fast, and how long it still takes', () => {
  const { after, notes } = followed();
  after({ type: 'step', step: 'restore' });
  after({ type: 'continued', since: '2026-11-24T08:00:00.000Z', loaded: 2, parts: 42 });
  expect(notes.join()).toMatch(/^goes on with the restore of 2026-.*: 2 of 42 parts are there$/);
  after({ type: 'plan', parts: 40, estimatedBytes: 643_100_000 });
  after({ type: 'read', bytes: 23_400_000 });
  after({ type: 'part', key: 'a' });
  expect(after({ type: 'read', bytes: 100_000_000 }, 2)).toBe(
    'restoring · 1/40 parts · 123.4 MB of 643.1 MB · 61.7 MB/s · 0:08 left',
  );
  // Views are read in rounds, more than was planned.
  expect(after({ type: 'read', bytes: 600_000_000 }, 2)).toBe(
    'restoring · 1/40 parts · 723.4 MB of 643.1 MB · 180.8 MB/s',
  );
  expect(after({ type: 'step', step: 'check' })).toBe('counting what was restored');
});

test('a restore that has read nothing yet says so without nonsense', () => {
  const { after } = followed();
  after({ type: 'step', step: 'restore' });
  expect(after({ type: 'plan', parts: 3, estimatedBytes: 10 }, 1)).toBe(
    'restoring · 0/3 parts · 0 B of 10 B · 0 B/s',
  );
});

test('a dump says how much it has written', () => {
  const { after } = followed();
  after({ type: 'step', step: 'dump' });
  after({ type: 'paused' });
  after({ type: 'plan', parts: 3, estimatedBytes: 1000 });
  expect(after({ type: 'bytes', plain: 5_000_000, stored: 1000 }, 1)).toBe(
    'paused 1.00 s · 0/3 parts · 5.0 MB · 5.0 MB/s',
  );
});
