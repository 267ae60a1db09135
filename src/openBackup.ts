import { findBackup } from './catalog/catalog.js';
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
  const found: OpenBackup[] = [];
  for (const name of names) {
    const chosen = resolvePair(config, name);
    const store = await openStore(chosen.store);
    try {
      found.push({ ...chosen, store, record: await findBackup(store, chosen.name, which) });
    } catch (error) {
      await store.close();
      const elsewhere = error instanceof StillpointError && error.code === 'no-such-backup';
      if (!elsewhere || names.length === 1) throw error;
    }
  }
  const [first, ...others] = found;
  await Promise.all(others.map(({ store }) => store.close()));
  if (!first) {
    throw new StillpointError('no-such-backup', `no backup "${which}" of any pair`, {
      hint: '`stillpoint list` shows what there is.',
    });
  }
  if (others.length > 0) {
    await first.store.close();
    throw new StillpointError(
      'usage',
      `"${which}" could be of ${found.map(({ name }) => name).join(' or ')}`,
      {
        hint: 'Say which pair: --pair NAME.',
      },
    );
  }
  return first;
}
