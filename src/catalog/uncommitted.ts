import pLimit from 'p-limit';
import { commitKey, parseBackupId } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { backupIds } from './listing.js';

const readsAtOnce = 32;

/** The ids of folders that hold no commit, of those that `isWanted` says yes to: backups that run, or died. */
export async function uncommitted(
  store: Store,
  pair: string,
  isWanted: (id: string) => boolean,
): Promise<string[]> {
  const ids = (await backupIds(store, pair)).filter(isWanted);
  const limit = pLimit(readsAtOnce);
  const heads = await Promise.all(
    ids.map((id) => limit(async () => (await store.head(commitKey({ pair, id }))) === null)),
  );
  return ids.filter((_, i) => heads[i]);
}

/** Seconds from the time in a backup's id to `now`. */
export function ageOf(id: string, now: Date): number {
  return (now.getTime() - (parseBackupId(id)?.time ?? now).getTime()) / 1000;
}

/** When the last object under a prefix was written, by the store's clock; null when there is none. */
export async function lastWrite(store: Store, prefix: string): Promise<Date | null> {
  let last: Date | null = null;
  for await (const { modified } of store.list(prefix))
    if (last === null || modified > last) last = modified;
  return last;
}
