import { reasonOf, StillpointError } from '../errors.js';

/** How a piece of work ended, to be looked at once other things are put right. */
export type Settled<T> = { ok: true; value: T } | { ok: false; error: unknown };

/** Waits for the end of `work`, good or bad. */
export async function settled<T>(work: Promise<T>): Promise<Settled<T>> {
  return await work.then(
    (value) => ({ ok: true as const, value }),
    (error: unknown) => ({ ok: false as const, error }),
  );
}

/** A server that a person must put right matters more than why the run had failed before. */
export function withEarlier(error: unknown, outcome: Settled<unknown>): unknown {
  if (outcome.ok || !(error instanceof StillpointError)) return error;
  return new StillpointError(
    error.code,
    `${error.message} (the run had failed before: ${reasonOf(outcome.error)})`,
    {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: outcome.error,
    },
  );
}
