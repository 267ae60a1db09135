import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { percent, sizeUnit, timeTicks, timeUnit } from '../../../src/report/scale.js';

test.each([
  [0, 's'],
  [170, 's'],
  [200, 'min'],
  [4 * 3600, 'h'],
])('up to %d s an axis counts in %s', (largest, name) => {
  expect(timeUnit(largest).name).toBe(name);
});

test.each([
  [0, 'B'],
  [1400, 'B'],
  [41e9, 'GB'],
  [5e15, 'TB'],
])('up to %d bytes an axis counts in %s', (largest, name) => {
  expect(sizeUnit(largest).name).toBe(name);
});

describe('timeTicks', () => {
  test.each([
    [0.31, ['0', '0.1 s', '0.2 s', '0.3 s']],
    [90, ['0', '20 s', '40 s', '60 s', '80 s']],
    [125, ['0', '30 s', '60 s', '90 s', '120 s']],
    [416, ['0', '2 min', '4 min', '6 min']],
    [9000, ['0', '1 h', '2 h']],
  ])('%d s', (seconds, texts) => {
    expect(timeTicks(seconds).map(({ text }) => text)).toEqual(texts);
  });

  test('are few, in order, and within the time', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e7, noNaN: true }), (seconds) => {
        const ticks = timeTicks(seconds);
        expect(ticks.length).toBeLessThanOrEqual(6);
        expect(ticks[0]).toEqual({ seconds: 0, text: '0' });
        ticks.reduce((before, { seconds: at }) => {
          expect(at).toBeGreaterThan(before);
          expect(at).toBeLessThanOrEqual(seconds + 1e-5);
          return at;
        }, -1);
      }),
    );
  });
});

test.each([
  [1, 3, '33.3333%'],
  [0, 0, '0%'],
  [2, 1, '100%'],
])('%d of %d is %s', (part, whole, text) => {
  expect(percent(part, whole)).toBe(text);
});
