import type { BackupRecord } from './catalog/records.js';
import type { Config, ServerConfig } from './config/schema.js';
import { atLeast } from './dialect/version.js';
import { StillpointError } from './errors.js';
import type { Seed } from './failover/setupJournal.js';
import type { Server } from './pair/server.js';
import { seedingBackup } from './seedingBackup.js';

/** Where the data of a new replica is to come from. */
export interface ChosenSeed {
  seed: Exclude<Seed, 'none'>;
  /** The backup; null with the other seeds. */
  record: BackupRecord | null;
  /** Why it is not a backup, where that was left to us. */
  reason: string | null;
}

/**
 * Decides how a replica is seeded: as asked, or from the newest backup where the source can go on from it,
 * else from the source. Throws `refused` where what was asked for is not possible.
 */
export async function chooseSeed(
  config: Config,
  at: { pair: string; source: ServerConfig },
  { source, replica, asked }: { source: Server; replica: Server; asked: ChosenSeed['seed'] | null },
): Promise<ChosenSeed> {
  if (asked === 'clone') refuseClone(source, replica);
  if (asked === 'source' || asked === 'clone') return { seed: asked, record: null, reason: null };
  const found = await seedingBackup(config, at).catch((error: unknown) => {
    if (error instanceof StillpointError && error.code === 'no-such-backup') return error;
    throw error;
  });
  const problem =
    found instanceof StillpointError
      ? 'there is no backup yet'
      : found.problem && `backup ${found.record.id} will not do: ${found.problem}`;
  if (problem === null && !(found instanceof StillpointError))
    return { seed: 'backup', record: found.record, reason: null };
  if (asked === null) return { seed: 'source', record: null, reason: problem };
  throw new StillpointError('refused', problem ?? '', {
    hint: 'Seed it from the source itself: --seed source.',
  });
}

/** Throws `refused` where CLONE is not to be had. */
function refuseClone(source: Server, replica: Server): void {
  const [a, b] = [source.dialect.version, replica.dialect.version];
  const can = [a, b].every((one) => one.flavour === 'mysql' && atLeast(one, 8, 0, 17));
  // Patches of one series may differ since 8.0.37; before, nothing may.
  const same = a.major === b.major && a.minor === b.minor;
  if (can && same) return;
  throw new StillpointError('refused', `no CLONE from ${a.text} to ${b.text}`, {
    hint: 'It needs two servers of MySQL 8.0.17 or newer of one series. Say --seed backup or --seed source.',
  });
}
