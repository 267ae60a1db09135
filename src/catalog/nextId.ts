import { setTimeout as sleep } from 'node:timers/promises';
import { newBackupId, parseBackupId } from '../store/keys.js';
import type { Store } from '../store/store.js';
import type { Clock } from '../util/clock.js';
import { backupIds } from './listing.js';

/**
 * A new id that sorts after every other of a pair. An id tells seconds, and what follows in it tells nothing of
 * the order: within the second of the newest one, the next is waited for. Call it under the pair's lock.
 */
export async function nextBackupId(
  store: Store,
  pair: string,
  label: string,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<string> {
  const newest = (await backupIds(store, pair, signal)).at(-1) ?? '';
  const second = parseBackupId(newest)?.time.getTime();
  for (;;) {
    const now = clock.now().getTime();
    if (second !== now - (now % 1000)) return newBackupId(clock, label);
    await sleep(1000 - (now % 1000), undefined, { signal });
  }
}
