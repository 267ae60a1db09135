import { text } from '../dialect/rows.js';
import { identifier } from '../dialect/quote.js';
import { StillpointError } from '../errors.js';
import type { Server } from '../pair/server.js';
import { channelsOf } from '../pair/channels.js';
import type { BackupRecord } from '../catalog/records.js';
import type { ChannelStatus } from '../dialect/dialect.js';
import { refuseFixedId } from '../pair/otherId.js';

export interface TargetChecks {
  /** By the names that they are to have. */
  databases: readonly string[];
  /** Only this table of the one database: the database may exist, the table may not. */
  table: string | null;
  /** Databases that are dropped first, because the user named them. */
  replace: readonly string[];
  /** The user said that the target may be a server of the pair. */
  intoPairMember: boolean;
  /** What is there is from an interrupted restore that goes on now. */
  goesOn: boolean;
  /** When an interrupted restore of this backup began that asked for something else; null for none. */
  leftover: string | null;
  /** Identities of the pair's servers, as far as they answer. */
  pairMembers: readonly string[];
}

/** Throws `refused` when a restore into this server would destroy something. Changes nothing. */
export async function checkTarget(
  target: Server,
  record: Pick<BackupRecord, 'flavour' | 'version' | 'coordinates'>,
  checks: TargetChecks,
): Promise<void> {
  const { flavour, text: version } = target.dialect.version;
  if (flavour !== record.flavour) {
    throw new StillpointError(
      'refused',
      `the ${target.who} is ${flavour} ${version}, the backup is of ${record.flavour} ${record.version}`,
      {
        hint: 'Dumps do not carry over between MySQL and MariaDB; name a target of the same kind.',
      },
    );
  }
  const members = [...checks.pairMembers, record.coordinates.serverUuid];
  if (!checks.intoPairMember && members.includes(target.uuid)) {
    throw new StillpointError('refused', `the ${target.who} is a server of the pair itself`, {
      hint: 'Restore into another server, or say --into-pair-member if you mean it.',
    });
  }
  if (checks.goesOn) return;
  const present = await databasesOf(target);
  const held = checks.databases.filter(
    (name) => present.includes(name) && !checks.replace.includes(name),
  );
  if (checks.table !== null) {
    await checkTable(target, held, checks.table);
  } else if (held.length > 0) {
    const replace = held.map((name) => `--replace ${name}`).join(' ');
    throw new StillpointError(
      'refused',
      `the ${target.who} has ${held.map(identifier).join(', ')} already`,
      {
        hint:
          checks.leftover === null
            ? `Restore into an empty server, or say ${replace} to drop it first.`
            : `The restore of ${checks.leftover} was interrupted: the same options as then go on with it, ${replace} begins anew.`,
      },
    );
  }
}

/** The names of all databases of a server. */
export async function databasesOf(server: Server): Promise<string[]> {
  const rows = await server.query('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA');
  return rows.map((row) => text(row, 'name'));
}

async function checkTable(target: Server, held: readonly string[], table: string): Promise<void> {
  for (const database of held) {
    const rows = await target.query(`SHOW TABLES FROM ${identifier(database)}`);
    if (!rows.some((row) => Object.values(row)[0] === table)) continue;
    throw new StillpointError(
      'refused',
      `the ${target.who} has the table ${identifier(database)}.${identifier(table)} already`,
      { hint: 'Rename or drop that table first, or restore into another server.' },
    );
  }
}

/**
 * Throws `refused` unless the server can become a replica: it follows nobody and has written nothing. `begun` are
 * the addresses that it may follow already, since an interrupted restore has attached it.
 */
export async function checkAttachable(
  target: Server,
  databases: readonly string[],
  begun: readonly { host: string; port: number }[] | null,
): Promise<void> {
  const isOurs = ({ sourceHost, sourcePort }: ChannelStatus) =>
    begun?.some(({ host, port }) => sourceHost === host && sourcePort === port) === true;
  const channels = await channelsOf(target);
  if (!channels.every(isOurs)) {
    throw new StillpointError('refused', `the ${target.who} replicates already`, {
      hint: 'Remove its channels first (RESET REPLICA ALL), or restore without --attach.',
    });
  }
  // What else it has by then has come from there.
  if (channels.length > 0) return;
  const own = ['mysql', 'information_schema', 'performance_schema', 'sys', ...databases];
  const others = (await databasesOf(target)).filter((name) => !own.includes(name));
  if (others.length > 0) {
    throw new StillpointError(
      'refused',
      `the ${target.who} has databases of its own (${others.join(', ')})`,
      {
        hint: 'A server that is attached to the source takes its binary log and GTIDs from the backup; use an empty one.',
      },
    );
  }
  await refuseFixedId(target);
}
