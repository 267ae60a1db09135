import pLimit from 'p-limit';
import { text } from 'node:stream/consumers';
import { reasonOf } from '../errors.js';
import { drillKey, drillsPrefix } from '../store/keys.js';
import type { Store } from '../store/store.js';
import type { Cache } from './cache.js';
import { drillRecordSchema, type DrillDigest, type DrillRecord } from './drillRecord.js';

/** Reads at once while listing, as of backups. */
const readsAtOnce = 32;

/**
 * The record of every drill of a pair, oldest first. One that is not a record is left out and told to
 * `onDamaged` as a line. Throws when the store cannot be read.
 */
export async function listDrills(
  store: Store,
  pair: string,
  onDamaged: (line: string) => void = () => undefined,
): Promise<DrillRecord[]> {
  return await readDrills(store, pair, onDamaged, (record) => record);
}

/** Like `listDrills`, but only what a verdict is made of, so that a cache can keep it. */
export async function listDigests(
  store: Store,
  pair: string,
  onDamaged: (line: string) => void,
  cache?: Cache<DrillDigest>,
): Promise<DrillDigest[]> {
  return await readDrills(store, pair, onDamaged, digestOf, cache);
}

function digestOf({ id, backup, status, finishedAt, seconds, checks }: DrillRecord): DrillDigest {
  const statuses = checks.map((check) => ({ status: check.status }));
  return { id, backup, status, finishedAt, seconds, checks: statuses };
}

/**
 * The drill records there are, oldest first: their keys by what tells one version of an object from another,
 * the key with the size and the time of a listing.
 */
export async function drillVersions(
  store: Store,
  pair: string,
  signal?: AbortSignal,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const listed = store.list(drillsPrefix(pair), signal ? { signal } : {});
  for await (const { key, bytes, modified } of listed)
    if (key.endsWith('.json')) found.set(`${key} ${bytes} ${modified.toISOString()}`, key);
  return found;
}

/** What a verdict is made of, of one drill; null when its record cannot be read. */
export async function readDigest(
  store: Store,
  key: string,
  signal?: AbortSignal,
): Promise<DrillDigest | null> {
  return await readDrill(store, key, digestOf, () => undefined, signal);
}

async function readDrill<T>(
  store: Store,
  key: string,
  take: (record: DrillRecord) => T,
  onDamaged: (line: string) => void,
  signal?: AbortSignal,
): Promise<T | null> {
  const written = await text(await store.get(key, signal ? { signal } : {}));
  try {
    return take(drillRecordSchema.parse(JSON.parse(written)));
  } catch (error) {
    onDamaged(`the drill record ${key} cannot be read: ${reasonOf(error)}`);
    return null;
  }
}

async function readDrills<T>(
  store: Store,
  pair: string,
  onDamaged: (line: string) => void,
  take: (record: DrillRecord) => T,
  cache?: Cache<T>,
): Promise<T[]> {
  const found = await drillVersions(store, pair);
  const known = await cache?.known([...found.keys()]);
  const limit = pLimit(readsAtOnce);
  const read = async (version: string, key: string): Promise<T | null> => {
    const taken = await readDrill(store, key, take, onDamaged);
    cache?.set(version, taken);
    return taken;
  };
  const records = await Promise.all(
    [...found].map(
      async ([version, key]) => known?.get(version) ?? (await limit(() => read(version, key))),
    ),
  );
  await cache?.keep(new Set(found.keys()));
  return records.filter((record) => record !== null);
}

/** Stores the record of a drill. Throws when there is one with its id. */
export async function putDrill(store: Store, record: DrillRecord): Promise<void> {
  const body = Buffer.from(`${JSON.stringify(record, null, 2)}\n`);
  await store.put(drillKey(record.pair, record.id), body, { ifAbsent: true });
}
