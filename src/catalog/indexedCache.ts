import type { Store } from '../store/store.js';
import type { Cache, CatalogCache } from './cache.js';
import { readsAtOnce } from './listing.js';
import { readIndex, type StoredIndex } from './storedIndex.js';

/**
 * What this machine has read, and for the rest what the index in the store says, which is read when more is
 * unknown than a listing reads in any case. What was read goes before it, and only that is kept here. For
 * looking at backups, not for removing any: whoever may write to the store may have written the index.
 */
export async function withIndex(
  cache: CatalogCache | undefined,
  store: Store,
  pair: string,
): Promise<CatalogCache | undefined> {
  if (cache === undefined) return undefined;
  let reading: Promise<StoredIndex> | undefined;
  const index = () => (reading ??= readIndex(store, pair));
  // Beside the listing, where it is needed for sure unless there are few backups.
  if ((await cache.backups.known([])).size === 0) void index();
  return {
    backups: over(cache.backups, async () => (await index()).backups),
    drills: over(cache.drills, async () => (await index()).drills),
  };
}

function over<T>(cache: Cache<T>, index: () => Promise<ReadonlyMap<string, T>>): Cache<T> {
  return {
    ...cache,
    async known(keys) {
      const own = await cache.known(keys);
      const unknown = keys.filter((key) => !own.has(key));
      if (unknown.length <= readsAtOnce) return own;
      return new Map([...(await index()), ...own]);
    },
  };
}
