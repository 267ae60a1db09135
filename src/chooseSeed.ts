import { resolvePair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { text } from './dialect/rows.js';
import { atLeast } from './dialect/version.js';
import { findClient, findTools } from './dump/tools.js';
import { StillpointError } from './errors.js';
import { refuseNoRoom } from './failover/room.js';
import type { Seed } from './failover/setupJournal.js';
import type { Server } from './pair/server.js';
import { seedingBackup, type SeedingBackupOptions } from './seedingBackup.js';

/** Where the data of a new replica is to come from. */
export interface ChosenSeed {
  seed: Exclude<Seed, 'none'>;
  /** Why it is not the newest backup, where there is one and that was left to us. */
  reason: string | null;
}

/**
 * Decides how a replica is seeded: as asked, or from the newest backup where the source can go on from it,
 * else from the source. Throws `refused` where what was asked for is not possible.
 */
export async function chooseSeed(
  config: Config,
  at: SeedingBackupOptions,
  { source, replica, asked }: { source: Server; replica: Server; asked: ChosenSeed['seed'] | null },
): Promise<ChosenSeed> {
  if (asked === 'clone') {
    await refuseClone(source, replica);
    return { seed: asked, reason: null };
  }
  if (asked === 'source') return await fromSource(config, at, source, null);
  const found = await seedingBackup(config, at).catch((error: unknown) => {
    if (!(error instanceof StillpointError)) throw error;
    if (error.code === 'no-such-backup') return null;
    const hint = [error.hint ?? '', otherwise].join(' ').trim();
    throw new StillpointError(error.code, error.message, { hint, cause: error.cause });
  });
  if (found?.problem === null) return { seed: 'backup', reason: null };
  const reason = found && `backup ${found.record.id} will not do: ${found.problem}`;
  if (asked === null) return await fromSource(config, at, source, reason);
  throw new StillpointError('refused', reason ?? 'there is no backup yet', { hint: otherwise });
}

const otherwise = 'Say --seed source to take what the source holds.';

/** Throws where a program is missing, `refused` where its dump would have no room. */
async function fromSource(
  config: Config,
  { pair }: SeedingBackupOptions,
  source: Server,
  reason: string | null,
): Promise<ChosenSeed> {
  const { tools } = resolvePair(config, pair).pair;
  const { flavour } = source.dialect.version;
  await refuseNoRoom(source, config.stateDir);
  await findTools(flavour, tools, false);
  await findClient('mysql', flavour, tools.mysql);
  return { seed: 'source', reason };
}

/** Throws `refused` where CLONE is not to be had, or would leave tables empty. */
async function refuseClone(source: Server, replica: Server): Promise<void> {
  const [a, b] = [source.dialect.version, replica.dialect.version];
  const can = [a, b].every((one) => one.flavour === 'mysql' && atLeast(one, 8, 0, 17));
  // Patches of one series may differ since 8.0.37; before, nothing may.
  const same = a.major === b.major && a.minor === b.minor;
  if (!can || !same) {
    throw new StillpointError('refused', `no CLONE from ${a.text} to ${b.text}`, {
      hint: 'It needs two servers of MySQL 8.0.17 or newer of one series. Say --seed backup or --seed source.',
    });
  }
  const loose = await otherEngines(source);
  const [first] = loose;
  if (first === undefined) return;
  const more = loose.length > 1 ? ` (and ${loose.length - 1} more)` : '';
  throw new StillpointError(
    'refused',
    `CLONE takes the rows of InnoDB only, and the ${source.who} has ${first}${more}`,
    { hint: 'Say --seed backup or --seed source, or ALTER TABLE … ENGINE = InnoDB;' },
  );
}

async function otherEngines(source: Server): Promise<string[]> {
  const rows = await source.query(
    "SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME, ' (', ENGINE, ')') AS title FROM information_schema.TABLES WHERE ENGINE <> 'InnoDB' AND TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY 1",
  );
  return rows.map((row) => text(row, 'title'));
}
