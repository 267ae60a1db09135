import pLimit from 'p-limit';
import { buffer } from 'node:stream/consumers';
import { drillsPrefix } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { drillRecordSchema, type DrillRecord } from './drillRecord.js';

const readsAtOnce = 32;

/** The drills of a pair, oldest first. A record that cannot be read is passed over. */
export async function listDrills(
  store: Pick<Store, 'get' | 'list'>,
  pair: string,
): Promise<DrillRecord[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(drillsPrefix(pair))) {
    if (key.endsWith('.json')) keys.push(key);
  }
  const limit = pLimit(readsAtOnce);
  const records = await Promise.all(keys.map((key) => limit(() => readDrill(store, key))));
  return records.filter((record) => record !== null);
}

async function readDrill(store: Pick<Store, 'get'>, key: string): Promise<DrillRecord | null> {
  const bytes = await buffer(await store.get(key));
  try {
    return drillRecordSchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    return null;
  }
}
