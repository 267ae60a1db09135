import { findBackup } from './catalog/catalog.js';
import { noSuchBackup } from './catalog/noSuchBackup.js';
import type { BackupRecord } from './catalog/records.js';
import { resolvePair, type ChosenPair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { StillpointError } from './errors.js';
import { openStore } from './store/open.js';
import type { Store } from './store/store.js';

/** A committed backup with the pair it is of and the store it lies in. */
export interface OpenBackup extends Omit<ChosenPair, 'store'> {
  store: Store;
  record: BackupRecord;
}

/**
 * Finds a backup by id, label or `latest` in the named pair, or in every pair of the configuration.
 * Throws `no-such-backup`, or `usage` when `latest` or a label could mean several pairs. The caller
 * closes the store.
 */
export async function openBackup(
  config: Config,
  which: string,
  pairName?: string,
): Promise<OpenBackup> {
  const names = pairName === undefined ? Object.keys(config.pairs) : [pairName];
  const places: Omit<OpenBackup, 'record'>[] = [];
  const found: OpenBackup[] = [];
  let kept: Store | undefined;
  try {
    for (const name of names) {
      const chosen = resolvePair(config, name);
      const place = { ...chosen, store: await openStore(chosen.store) };
      places.push(place);
      const record = await findBackup(place.store, name, which);
      if (record) found.push({ ...place, record });
    }
    const [first, ...others] = found;
    if (!first) throw await noSuchBackup(which, places);
    if (others.length > 0) {
      throw new StillpointError(
        'usage',
        `"${which}" could be of ${found.map(({ name }) => name).join(' or ')}`,
        { hint: 'Say which pair: --pair NAME.' },
      );
    }
    kept = first.store;
    return first;
  } finally {
    const done = places.filter(({ store }) => store !== kept);
    await Promise.all(done.map(async ({ store }) => await store.close()));
  }
}
