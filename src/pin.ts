import { listPins, newPin, putPin, removePin, type Pin } from './catalog/pins.js';
import { resolvePair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { StillpointError } from './errors.js';
import { openBackup } from './openBackup.js';
import { parseBackupId } from './store/keys.js';
import { openStore } from './store/open.js';
import { systemClock, type Clock } from './util/clock.js';

export interface PinOptions {
  /** Id, label or `latest`. */
  backup: string;
  pair?: string;
  /** When the pin ends to hold; never when left out. */
  until?: Date;
  reason?: string;
  clock?: Clock;
}

/** Keeps a backup from being pruned, in place of a pin that it may have. Throws `usage` for a time gone by. */
export async function pinBackup(config: Config, options: PinOptions): Promise<Pin> {
  const { until = null, reason = null, clock = systemClock } = options;
  if (until && until.getTime() <= clock.now().getTime()) {
    throw new StillpointError('usage', `a pin until ${until.toISOString()} would not hold`, {
      hint: 'Name a time to come: --keep 14d, or --until with a date.',
    });
  }
  const { store, record } = await openBackup(config, options.backup, options.pair);
  try {
    const pin = newPin({ pair: record.pair, id: record.id, until, reason }, clock);
    await putPin(store, pin);
    return pin;
  } finally {
    await store.close();
  }
}

/** Takes the pin of a backup away. Throws `no-such-backup` when there is no such backup or it has no pin. */
export async function unpinBackup(
  config: Config,
  options: { backup: string; pair?: string },
): Promise<{ pair: string; backup: string }> {
  const at = await pinnedBackup(config, options);
  const store = await openStore(resolvePair(config, at.pair).store);
  try {
    if (await removePin(store, { pair: at.pair, id: at.backup })) return at;
  } finally {
    await store.close();
  }
  throw new StillpointError('no-such-backup', `backup ${at.backup} is not pinned`, {
    hint: '`stillpoint list` shows which are.',
  });
}

/** Also finds the pin of a backup whose record is damaged or gone: by its id, it needs no record. */
async function pinnedBackup(
  config: Config,
  { backup, pair: name }: { backup: string; pair?: string },
): Promise<{ pair: string; backup: string }> {
  if (parseBackupId(backup) !== null) {
    for (const pair of name === undefined ? Object.keys(config.pairs) : [name]) {
      const store = await openStore(resolvePair(config, pair).store);
      try {
        if ((await listPins(store, pair)).has(backup)) return { pair, backup };
      } finally {
        await store.close();
      }
    }
  }
  const { store, record } = await openBackup(config, backup, name);
  await store.close();
  return { pair: record.pair, backup: record.id };
}
