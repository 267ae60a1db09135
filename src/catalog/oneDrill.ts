import { text } from 'node:stream/consumers';
import { reasonOf, StillpointError } from '../errors.js';
import { drillKey } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { drillRecordSchema, type DrillRecord } from './drillRecord.js';

/** The whole record of one drill. Throws `failed` when it cannot be read, `no-such-backup` when it is gone. */
export async function readOneDrill(store: Store, pair: string, id: string): Promise<DrillRecord> {
  const key = drillKey(pair, id);
  const written = await text(await store.get(key));
  try {
    return drillRecordSchema.parse(JSON.parse(written));
  } catch (cause) {
    const message = `the drill record ${key} cannot be read: ${reasonOf(cause)}`;
    throw new StillpointError('failed', message, { cause });
  }
}
