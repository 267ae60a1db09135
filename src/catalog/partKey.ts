import type { Sink } from '../dump/dump.js';
import type { PartPlan } from '../dump/plan.js';
import {
  accountsKey,
  dataKey,
  objectsKey,
  schemaKey,
  sharedDataKey,
  viewsKey,
  type BackupAddress,
} from '../store/keys.js';
import type { Store } from '../store/store.js';

/** The key of a part in a backup; a null plan stands for the accounts. */
export function partKey(at: BackupAddress, plan: PartPlan | null, encrypted: boolean): string {
  const form = { encrypted };
  if (!plan) return accountsKey(at, form);
  const { database, ofTable, index: number } = plan;
  switch (plan.kind) {
    case 'schema':
      return schemaKey(at, database, { ...form, number });
    case 'data':
      return ofTable === null
        ? sharedDataKey(at, database, { ...form, number })
        : dataKey(at, database, ofTable, { ...form, number });
    case 'objects':
      return objectsKey(at, database, form);
    case 'views':
      return viewsKey(at, database, form);
  }
}

/** Puts every part where its key says. That they are there is to be seen before the manifest is written. */
export function storeSink(store: Store, at: BackupAddress, encrypted: boolean): Sink {
  return async (plan, body, signal) =>
    await store.put(partKey(at, plan, encrypted), body, {
      estimatedBytes: plan?.estimatedBytes ?? 0,
      signal,
      readBack: false,
    });
}
