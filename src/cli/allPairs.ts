import { exitStatusOf, type StillpointError } from '../errors.js';
import type { Context } from './context.js';
import type { PairLines } from './output/terminal.js';

/** What a command does with each of several pairs, and how it says what came of it. */
export interface PairWork<T> {
  atOnce: number | undefined;
  work: (pair: string, lines: PairLines) => Promise<T>;
  /** What a pair that is done is called in the table: `committed`. */
  done: string;
  /** Columns of the table between the status and the time, with what stands in them. */
  columns: Record<string, (value: T) => string>;
  /** Why something that was carried out still counts as failed. */
  failure?: (value: T) => StillpointError | null;
}

/**
 * Does the work for the pairs of these names: errors are said as they come, one table at the end; with
 * --json an array of what each came to, in which a failure is `{ pair, status: "failed", error }`. The
 * exit status is that of `exitStatusOf`.
 */
export async function onPairs<T>(
  context: Context,
  pairs: readonly string[],
  { atOnce, work, done, columns, failure }: PairWork<T>,
): Promise<void> {
  const { terminal, signal } = context;
  const { forPairs } = await import('../forPairs.js');
  const { errorDocument, printError } = await import('./output/error.js');
  const { pairsText } = await import('./output/pairs.js');
  const failed = new Map<string, StillpointError>();
  const ofPair = async (pair: string): Promise<T> => {
    const lines = terminal.of(pair);
    try {
      return await work(pair, lines);
    } finally {
      lines.clear();
    }
  };
  const outcomes = await forPairs(
    pairs,
    ofPair,
    { signal, ...(atOnce === undefined ? {} : { atOnce }) },
    (outcome) => {
      const error = outcome.error ?? failure?.(outcome.value) ?? null;
      if (error === null) return;
      failed.set(outcome.pair, error);
      if (!terminal.json) printError(error, terminal, outcome.pair);
    },
  );
  terminal.document(
    outcomes.map(
      ({ pair, value, error }) => value ?? { pair, status: 'failed', error: errorDocument(error) },
    ),
  );
  terminal.result(
    pairsText(
      Object.keys(columns),
      outcomes.map(({ pair, value, seconds }) => ({
        pair,
        status: failed.has(pair) ? 'FAILED' : done,
        cells: Object.values(columns).map((cell) => (value === null ? '-' : cell(value))),
        seconds,
        error: failed.get(pair)?.message ?? '',
      })),
    ),
  );
  context.exitWith(exitStatusOf(pairs.map((pair) => failed.get(pair)?.exitStatus ?? 0)));
}
