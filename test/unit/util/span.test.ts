import fc from 'fast-check';
import { expect, test } from 'vitest';
import { secondsSpan } from '../../../src/util/span.js';

test.each([
  [1, '1 s'],
  [59, '59 s'],
  [60, '1 min'],
  [90, '90 s'],
  [3600, '1 h'],
  [5400, '90 min'],
  [86_400, '1 d'],
  [36 * 3600, '36 h'],
  [864_000, '10 d'],
])('%d s is %s', (seconds, text) => {
  expect(secondsSpan(seconds)).toBe(text);
});

test('says every length exactly', () => {
  const sizes: Record<string, number> = { s: 1, min: 60, h: 3600, d: 86_400 };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), (seconds) => {
      const [count = '', unit = ''] = secondsSpan(seconds).split(' ');
      expect(Number(count) * sizes[unit]!).toBe(seconds);
      expect(Number.isInteger(Number(count))).toBe(true);
    }),
  );
});
