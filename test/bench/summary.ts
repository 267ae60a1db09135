import { median } from './median.js';
import type { Measured } from './results.js';

/** The medians of a contender's rounds; null where it has no such measure. */
export interface Summary extends Record<keyof Measured, number | null> {
  contender: string;
}

const kinds = [
  'seconds',
  'pause',
  'cpuSeconds',
  'serverCpuSeconds',
  'peakMemory',
  'storedBytes',
] as const satisfies readonly (keyof Measured)[];

/** A measure with whose it is, and of which round. */
type Measure = Measured & { contender: string; round: number };

/** One line a contender, in the order in which they first ran. */
export function summarize(measures: readonly Measure[]): Summary[] {
  const names = [...new Set(measures.map(({ contender }) => contender))];
  return names.map((contender) => {
    const own = measures.filter((one) => one.contender === contender);
    const medians = kinds.map((kind) => [
      kind,
      median(own.map((one) => one[kind]).filter((value) => value !== null)),
    ]);
    return { contender, ...Object.fromEntries(medians) } as Summary;
  });
}

/**
 * How many times as much as `base` it is: the median of the ratios of each round, since rounds differ more
 * than what runs side by side in one. Null when no round has both.
 */
export function ratio<T extends { round: number }>(
  own: readonly T[],
  base: readonly T[],
  of: (one: T) => number,
): number | null {
  return median(
    own.flatMap((one) =>
      base.filter(({ round }) => round === one.round).map((other) => of(one) / of(other)),
    ),
  );
}
