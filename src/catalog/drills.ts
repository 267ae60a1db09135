import pLimit from 'p-limit';
import { text } from 'node:stream/consumers';
import { reasonOf } from '../errors.js';
import { drillKey, drillsPrefix } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { drillRecordSchema, type DrillRecord } from './drillRecord.js';

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
  const keys: string[] = [];
  for await (const { key } of store.list(drillsPrefix(pair)))
    if (key.endsWith('.json')) keys.push(key);
  const limit = pLimit(readsAtOnce);
  const readable = async (key: string): Promise<DrillRecord | null> => {
    const written = await text(await store.get(key));
    try {
      return drillRecordSchema.parse(JSON.parse(written));
    } catch (error) {
      onDamaged(`the drill record ${key} cannot be read: ${reasonOf(error)}`);
      return null;
    }
  };
  const records = await Promise.all(keys.map((key) => limit(() => readable(key))));
  return records.filter((record) => record !== null);
}

/** Stores the record of a drill. Throws when there is one with its id. */
export async function putDrill(store: Store, record: DrillRecord): Promise<void> {
  const body = Buffer.from(`${JSON.stringify(record, null, 2)}\n`);
  await store.put(drillKey(record.pair, record.id), body, { ifAbsent: true });
}
