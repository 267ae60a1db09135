import { expect, test } from 'vitest';
import type { ChannelStatus } from '../../../src/dialect/dialect.js';
import { lagSample, worstLag } from '../../../src/pair/lag.js';

const channel = (lagSeconds: number | null, delaySeconds = 0) =>
  ({ lagSeconds, delaySeconds }) as ChannelStatus;

test.each([
  [[], 0],
  [[channel(3), channel(7)], 7],
  [[channel(3600, 3600)], 0],
  [[channel(3602, 3600), channel(1)], 2],
  [[channel(1, 5)], 0],
  [[channel(3), channel(null)], null],
])('the worst lag of channels, beyond their delay (%#)', (channels, seconds) => {
  expect(worstLag(channels)).toBe(seconds);
});

test('a sample has its time, or is none', () => {
  const at = new Date('2026-11-22T02:30:00Z');
  const clock = { now: () => at, seconds: () => 0 };
  expect(lagSample([channel(2)], clock)).toEqual({ at, seconds: 2 });
  expect(lagSample([channel(null)], clock)).toBeNull();
});
