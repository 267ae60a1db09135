import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** Seconds until it gives up. */
  within: number;
  /** Milliseconds between two tries, which follow more quickly in the beginning. Default 100. */
  every?: number;
  signal?: AbortSignal;
}

/**
 * Calls `probe` until it answers something other than null, and returns that; null when `within`
 * seconds have passed. Throws what `probe` throws, and the signal's reason.
 */
export async function waitFor<T>(
  probe: () => Promise<T | null>,
  { within, every = 100, signal }: WaitOptions,
): Promise<T | null> {
  const end = performance.now() + within * 1000;
  for (let pause = 2; ; pause = Math.min(pause * 2, every)) {
    signal?.throwIfAborted();
    const found = await probe();
    if (found !== null) return found;
    if (performance.now() >= end) return null;
    await sleep(pause, undefined, signal ? { signal } : {}).catch(() => undefined);
  }
}
