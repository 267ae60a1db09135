import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from './errors.js';
import type { Patience } from './options.js';

/** What decides whether, and after how long, a try is followed by another. */
export type Tries = Pick<Patience, 'attempts' | 'unreachable' | 'firstDelay' | 'longestDelay'>;

/**
 * Calls `attempt` (with the number of the try, from 1) until it succeeds, fails in a way that no
 * repetition mends, or was tried often enough; then throws its last error, or the signal's reason.
 *
 * Not the SDK's own retry: its token bucket, shared by all requests of a client, gives up early in
 * just the outage that a backup has to outlive.
 */
export async function withRetry<T>(
  tries: Tries,
  signal: AbortSignal | undefined,
  attempt: (number: number) => Promise<T>,
): Promise<T> {
  for (let number = 1; ; number++) {
    signal?.throwIfAborted();
    try {
      return await attempt(number);
    } catch (error) {
      signal?.throwIfAborted();
      await pauseAfter(tries, number, error, signal);
    }
  }
}

/** Waits as long as is right after try `number` failed with `error`, or throws that error. */
export async function pauseAfter(
  tries: Tries,
  number: number,
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<void> {
  const again = faultOf(error)?.again ?? 'no';
  const limit =
    again === 'unreachable' ? Math.min(tries.unreachable, tries.attempts) : tries.attempts;
  if (again === 'no' || number >= limit) throw error;
  try {
    await sleep(delayAfter(tries, number), undefined, signal ? { signal } : {});
  } catch {
    signal?.throwIfAborted();
  }
}

/** Milliseconds after try `number`: doubling, up to the longest, less up to a fifth by chance. */
export function delayAfter(tries: Tries, number: number, chance = Math.random()): number {
  return Math.min(tries.longestDelay, tries.firstDelay * 2 ** (number - 1)) * (1 - 0.2 * chance);
}
