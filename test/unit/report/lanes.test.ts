import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packLanes, rounding, type Span } from '../../../src/report/lanes.js';

const span = (from: number, seconds: number): Span => ({ from, seconds });
const anySpans = fc.array(
  fc.record({ from: fc.nat(5000), seconds: fc.nat(1000) }).map(({ from, seconds }) => ({
    from: from / 1000,
    seconds: seconds / 1000,
  })),
  { maxLength: 60 },
);

describe('packLanes', () => {
  test('puts what follows into one lane, and what overlaps into two', () => {
    const [a, b, c] = [span(0, 2), span(2, 1), span(1, 4)];
    expect(packLanes([a, b, c])).toEqual([[a, b], [c]]);
  });

  test('has no lane for nothing', () => {
    expect(packLanes([])).toEqual([]);
  });

  test('takes what meets within the rounding of times for one after the other', () => {
    expect(packLanes([span(0, 1.0004), span(1, 1)])).toHaveLength(1);
  });

  test('loses none, and no two of a lane overlap', () => {
    fc.assert(
      fc.property(anySpans, (spans) => {
        const lanes = packLanes(spans);
        expect(new Set(lanes.flat())).toEqual(new Set(spans));
        expect(lanes.flat()).toHaveLength(spans.length);
        for (const lane of lanes) {
          let end = -1;
          for (const { from, seconds } of lane) {
            // Less what the sums of binary fractions are off.
            expect(from).toBeGreaterThanOrEqual(end - rounding - 1e-9);
            end = Math.max(end, from + seconds);
          }
        }
      }),
    );
  });

  test('needs no more lanes than there were at once', () => {
    fc.assert(
      fc.property(anySpans, (spans) => {
        const atOnce = spans.map(
          ({ from: at }) => spans.filter((s) => s.from <= at && at <= s.from + s.seconds).length,
        );
        expect(packLanes(spans).length).toBeLessThanOrEqual(Math.max(0, ...atOnce));
      }),
    );
  });
});
