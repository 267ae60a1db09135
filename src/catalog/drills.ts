import pLimit from 'p-limit';
import { text } from 'node:stream/consumers';
import { reasonOf } from '../errors.js';
import { drillKey, drillsPrefix } from '../store/keys.js';
import type { Store } from '../store/store.js';
import type { Cache } from './cache.js';
import { drillRecordSchema, type DrillRecord } from './drillRecord.js';
import type { DrillDigest } from './proofs.js';

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

async function readDrills<T>(
  store: Store,
  pair: string,
  onDamaged: (line: string) => void,
  take: (record: DrillRecord) => T,
  cache?: Cache<T>,
): Promise<T[]> {
  const found: { key: string; version: string }[] = [];
  for await (const { key, bytes, modified } of store.list(drillsPrefix(pair)))
    if (key.endsWith('.json'))
      found.push({ key, version: `${key} ${bytes} ${modified.toISOString()}` });
  const limit = pLimit(readsAtOnce);
  const readable = async (key: string): Promise<T | null> => {
    const written = await text(await store.get(key));
    try {
      return take(drillRecordSchema.parse(JSON.parse(written)));
    } catch (error) {
      onDamaged(`the drill record ${key} cannot be read: ${reasonOf(error)}`);
      return null;
    }
  };
  const records = await Promise.all(
    found.map(async ({ key, version }) => {
      const known = cache?.get(version);
      if (known !== undefined) return known;
      const read = await limit(() => readable(key));
      if (read !== null) cache?.set(version, read);
      return read;
    }),
  );
  await cache?.keep(new Set(found.map(({ version }) => version)));
  return records.filter((record) => record !== null);
}

/** Stores the record of a drill. Throws when there is one with its id. */
export async function putDrill(store: Store, record: DrillRecord): Promise<void> {
  const body = Buffer.from(`${JSON.stringify(record, null, 2)}\n`);
  await store.put(drillKey(record.pair, record.id), body, { ifAbsent: true });
}
