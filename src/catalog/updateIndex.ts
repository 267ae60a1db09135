import pLimit from 'p-limit';
import type { Store } from '../store/store.js';
import type { Cache, CatalogCache } from './cache.js';
import { drillVersions, readDigest } from './drills.js';
import { backupIds, readEntry, readsAtOnce } from './listing.js';
import { readIndex, writeIndex } from './storedIndex.js';

/** Records read at once: whatever this runs beside is more important. */
const fewAtOnce = 8;

/** When to end. */
interface Patience {
  /** No more records are read from then on; what is known is written. */
  reading: AbortSignal;
  /** Everything is given up. */
  signal: AbortSignal;
}

/**
 * Brings the index of a pair up to date, if so much is missing from it, or in it and gone, that listings
 * would notice; they read the newest records in any case. An entry that is not what this machine has read
 * goes at once. Reads what neither the index nor `cache` knows, as far as there is time, and keeps it in
 * `cache`. Answers whether it wrote. Throws what the store throws, and the signal's reason.
 */
export async function updateIndex(
  store: Store,
  pair: string,
  cache: CatalogCache,
  patience: Patience,
): Promise<boolean> {
  const { signal } = patience;
  const [ids, versions, index] = await Promise.all([
    backupIds(store, pair, signal),
    drillVersions(store, pair, signal),
    readIndex(store, pair, signal),
  ]);
  signal.throwIfAborted();
  const readBackup = async (id: string) => {
    const found = await readEntry(store, pair, id, signal);
    return found && 'record' in found ? found.record : null;
  };
  const readDrill = async (version: string) =>
    await readDigest(store, versions.get(version) ?? '', signal);
  const backups = await gather(
    ids,
    { index: index.backups, cache: cache.backups },
    readBackup,
    patience,
  );
  const drills = await gather(
    [...versions.keys()],
    { index: index.drills, cache: cache.drills },
    readDrill,
    patience,
  );
  if (!backups.isWorthIt && !drills.isWorthIt) return false;
  await writeIndex(store, pair, { backups: backups.entries, drills: drills.entries }, signal);
  return true;
}

/** The entries for these keys, and whether they differ enough from those of the index. */
async function gather<T>(
  keys: readonly string[],
  { index, cache }: { index: ReadonlyMap<string, T>; cache: Cache<T> },
  read: (key: string) => Promise<T | null>,
  { reading, signal }: Patience,
): Promise<{ entries: Map<string, T>; isWorthIt: boolean }> {
  const own = await cache.known(keys);
  const entries = new Map<string, T>();
  for (const key of keys) {
    const entry = own.has(key) ? own.get(key) : index.get(key);
    if (entry) entries.set(key, entry);
  }
  const lacking = keys.filter((key) => !entries.has(key));
  const missing = keys.filter((key) => !index.has(key));
  if (missing.length >= readsAtOnce) {
    const limit = pLimit(fewAtOnce);
    const readOne = async (key: string) => {
      if (reading.aborted) return;
      signal.throwIfAborted();
      const entry = await read(key);
      cache.set(key, entry);
      if (entry) entries.set(key, entry);
    };
    await Promise.all(lacking.map((key) => limit(() => readOne(key))));
    await cache.keep(new Set(keys));
  }
  const added = [...entries.keys()].filter((key) => !index.has(key)).length;
  const gone = [...index.keys()].filter((key) => !entries.has(key)).length;
  const isWrong = [...index].some(([key, entry]) => {
    const other = entries.get(key);
    return (
      other !== undefined && other !== entry && JSON.stringify(other) !== JSON.stringify(entry)
    );
  });
  return { entries, isWorthIt: isWrong || added >= readsAtOnce || gone >= readsAtOnce };
}
