import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from './config/schema.js';
import { keptOfPair, statusOf, type PairStatus } from './status.js';
import type { Kept } from './statusKept.js';

export interface WatchOptions {
  /** Seconds between two looks. */
  every: number;
  /** Ends it. */
  signal: AbortSignal;
}

/** Seconds after which a server that does not answer is left alone: the others are to be seen meanwhile. */
const patience = 4;
/** The same of a store. */
const storePatience = 15;
/** Seconds for which what the store holds is taken as known: listing it costs. */
const keptFor = 30;

/** Looks at pairs again and again until the signal fires; then it ends without an error. */
export async function* watchStatus(
  config: Config,
  names: readonly string[],
  { every, signal }: WatchOptions,
): AsyncGenerator<PairStatus[]> {
  const known = new Map<string, { at: number; kept: Kept }>();
  const keptNow = async (name: string): Promise<Kept> => {
    const found = known.get(name);
    if (found && performance.now() - found.at < keptFor * 1000) return found.kept;
    const kept = await keptOfPair(config, name, storePatience);
    known.set(name, { at: performance.now(), kept });
    return kept;
  };
  const look = async (name: string) =>
    await statusOf(config, name, { within: patience, kept: await keptNow(name) });
  const ended = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
  while (!signal.aborted) {
    // Whoever ends it does not wait for a server that hangs.
    const found = await Promise.race([Promise.all(names.map(look)), ended]);
    if (found === null) return;
    yield found;
    await sleep(every * 1000, undefined, { signal }).catch(() => undefined);
  }
}
