import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCache, type CatalogCache } from '../../src/catalog/cache.js';
import { listDigests } from '../../src/catalog/drills.js';
import { withIndex } from '../../src/catalog/indexedCache.js';
import { readCatalog } from '../../src/catalog/listing.js';
import { updateIndex } from '../../src/catalog/updateIndex.js';
import { openFileStore } from '../../src/store/file.js';
import { drillKey, drillsPrefix } from '../../src/store/keys.js';
import type { Store } from '../../src/store/store.js';
import { sampleDrill } from './sampleDrill.js';
import { nights, shelve } from './shelf.js';

export const never = new AbortController().signal;

/** A machine that has read nothing yet: its cache lies in a folder of its own. */
export async function machine(folder: string): Promise<CatalogCache> {
  return {
    backups: await openCache(join(folder, 'backups'), 'here'),
    drills: await openCache(join(folder, 'drills'), 'here'),
  };
}

/** What a machine lists, by the index and without. */
export async function listing(store: Store, cache?: CatalogCache) {
  const known = await withIndex(cache, store, 'shop');
  const damaged: string[] = [];
  const [catalog, drills] = await Promise.all([
    readCatalog(store, 'shop', known?.backups),
    listDigests(store, 'shop', (line) => damaged.push(line), known?.drills),
  ]);
  return { catalog, drills, damaged };
}

/** Brings the index up to date as a machine does that has time. */
export async function update(store: Store, cache: CatalogCache): Promise<boolean> {
  return await updateIndex(store, 'shop', cache, { reading: never, signal: never });
}

/** A store in a folder that counts what is read and written, with so many nights and 40 drills in it. */
export async function countedShelf(path: string, count: number) {
  const plain = openFileStore({ path });
  const done = { reads: 0, writes: 0 };
  const store: Store = {
    ...plain,
    get: async (key, options) => {
      done.reads++;
      return await plain.get(key, options);
    },
    put: async (key, body, options) => {
      done.writes++;
      return await plain.put(key, body, options);
    },
  };
  const records = nights(count);
  await shelve(plain, records, path);
  // Without the store's fsyncs, which take most of a test's time.
  await mkdir(join(path, drillsPrefix('shop')), { recursive: true });
  for (const drill of records.slice(0, 40).map((record) => sampleDrill(record)))
    await writeFile(join(path, drillKey('shop', drill.id)), JSON.stringify(drill));
  /** How often a work reads and writes. */
  const counted = async <T>(work: () => Promise<T>) => {
    Object.assign(done, { reads: 0, writes: 0 });
    return { value: await work(), ...done };
  };
  return { store, plain, records, counted };
}
