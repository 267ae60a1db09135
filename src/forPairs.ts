import pLimit from 'p-limit';
import { reasonOf, StillpointError } from './errors.js';
import { systemClock, type Clock } from './util/clock.js';

/** What the work on one pair came to: `value`, or `error` when it threw; the other is null. */
export type PairOutcome<T> = { pair: string; seconds: number } & (
  { value: T; error: null } | { value: null; error: StillpointError }
);

export interface ForPairsOptions {
  /** How many pairs are worked on at the same time. Default 2. */
  atOnce?: number;
  /** Pairs that have not begun when it fires never begin: their outcome is its reason. */
  signal?: AbortSignal;
  clock?: Clock;
}

/**
 * Does `work` for each pair, some at once, and waits for all: a pair that fails ends no other. Never
 * throws; the outcomes are in the order of `pairs`, and `onOutcome` is told each as it comes.
 *
 * @example
 * const outcomes = await forPairs(names, async (pair) => await backup(config, { pair, signal }), { signal });
 */
export async function forPairs<T>(
  pairs: readonly string[],
  work: (pair: string) => Promise<T>,
  { atOnce = 2, signal, clock = systemClock }: ForPairsOptions = {},
  onOutcome: (outcome: PairOutcome<T>) => void = () => undefined,
): Promise<PairOutcome<T>[]> {
  const limit = pLimit(atOnce);
  return await Promise.all(
    pairs.map((pair) =>
      limit(async (): Promise<PairOutcome<T>> => {
        const begun = clock.seconds();
        const ended = await attempt(async () => {
          signal?.throwIfAborted();
          return await work(pair);
        });
        const outcome = { pair, ...ended, seconds: clock.seconds() - begun };
        onOutcome(outcome);
        return outcome;
      }),
    ),
  );
}

async function attempt<T>(work: () => Promise<T>) {
  try {
    return { value: await work(), error: null };
  } catch (thrown) {
    const error =
      thrown instanceof StillpointError
        ? thrown
        : new StillpointError('failed', reasonOf(thrown), { cause: thrown });
    return { value: null, error };
  }
}
