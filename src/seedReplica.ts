import type { BackupRecord } from './catalog/records.js';
import { resolvePair } from './config/choose.js';
import type { Config, ServerConfig } from './config/schema.js';
import { resolveServer } from './config/secret.js';
import type { ChannelStatus } from './dialect/dialect.js';
import { StillpointError } from './errors.js';
import { conditionOf } from './failover/condition.js';
import { caughtUp } from './failover/follow.js';
import { userDatabases, wipeActs } from './failover/wipe.js';
import { addressOf, doing, perform, statement } from './pair/act.js';
import { isClosed, isWritable } from './pair/admin.js';
import { channelsOf } from './pair/channels.js';
import { closeAct } from './pair/closeWrites.js';
import { withOtherId } from './pair/otherId.js';
import { openServer, type Server } from './pair/server.js';
import { ledgerPath, removeLedger } from './restore/ledger.js';
import { restoreBackup } from './restoreBackup.js';
import { seedingBackup, type SeedingBackupOptions } from './seedingBackup.js';
import { leftOf } from './seedingLeft.js';
import { ignore, type Observe } from './util/observe.js';

export interface SeedReplicaOptions extends SeedingBackupOptions {
  /** The server that becomes the replica, by an account that may do everything there ({@link asAdmin}). */
  replica: ServerConfig;
  /** Remove the channels, databases and accounts of the replica first. Else a server with any is refused. */
  wipe?: boolean;
  /** Do so though it follows the source already, and nothing has stopped it. */
  anew?: boolean;
  /** What is done to the replica before: in a dry run that was only said. */
  before?: { unfollowed?: boolean; closed?: boolean };
  /** The backup is a dump made for this. A dry run has none, and says what would attach it. */
  ofDump?: { attachStatements: readonly string[] };
  identityFile?: string;
  parallel?: number;
  /** Only say what would be done. */
  dryRun?: boolean;
  signal?: AbortSignal;
  observe?: Observe;
}

/** How a server was seeded. */
export interface Seeded {
  /** Id of the backup; null where the server followed the source already. */
  backup: string | null;
  /** It had been begun before. */
  continued: boolean;
}

/** Seconds that a server may take to catch up. */
const patience = 24 * 3600;
/** A name that no target of the configuration can have. */
const target = 'new replica';

/**
 * Makes a server a replica anew: restores the newest backup of the pair into it with all accounts, attaches
 * it to the source where that backup was taken, waits until it has caught up and makes it read-only. Asks
 * nothing. When it was interrupted, the same call goes on. Throws `refused` before anything is changed where
 * the source cannot go on from that backup, or the server holds anything and `wipe` is not said.
 */
export async function seedReplica(config: Config, options: SeedReplicaOptions): Promise<Seeded> {
  const replica = await open(options.replica, `replica of ${options.pair}`);
  try {
    const source = await open(options.source, `source of ${options.pair}`);
    try {
      return await seed(seedConfig(config, options), options, replica, source);
    } finally {
      source.close();
    }
  } finally {
    replica.close();
  }
}

async function seed(
  config: Config,
  options: SeedReplicaOptions,
  replica: Server,
  source: Server,
): Promise<Seeded> {
  const { dryRun = false, observe = ignore } = options;
  const how = { stateDir: config.stateDir, observe, dryRun };
  const left = await leftOf(config, options, replica);
  const before = dryRun ? (options.before ?? {}) : {};
  const condition = await conditionOf(replica, source);
  const follows = condition.kind === 'follows' && !before.unfollowed ? condition.channel : null;
  const wasShut = before.closed === true || (await isClosed(replica));
  let isAdmitted = false;
  let backup = left?.backup ?? null;
  // Once it follows, its coordinates were set: it goes on by itself.
  if (follows && left) {
    await withOtherId(replica, how, async () => {
      await finish(options, { replica, source, channel: follows });
    });
    if (!dryRun) await removeLedger(ledgerPath(config.stateDir, left.backup, replica.uuid));
  } else if (left || options.anew || follows?.applierErrno !== 0) {
    const record = dryRun && options.ofDump ? null : await usable(config, options, source, backup);
    if (!left && !options.wipe) await refuseHolding(replica);
    // An application that still finds it shall not write to it.
    const isOpen = !wasShut && (await isWritable(replica));
    const admit = isOpen ? [] : replica.dialect.admitPrivileged();
    isAdmitted = admit.length > 0;
    await perform(
      admit.map((sql) => statement(replica, sql)),
      how,
    );
    if (!left && options.wipe) await perform(await wipeActs(replica, before), how);
    await restoreAndAttach(config, options, record, replica);
    backup = record?.id ?? null;
  }
  const isShut = dryRun ? wasShut && !isAdmitted : await isClosed(replica);
  if (!isShut) await perform([closeAct(replica)], how);
  return { backup, continued: left !== null };
}

/** The backup to seed from: the one that an interrupted run has begun with, or that is asked for, or the newest. */
async function usable(
  config: Config,
  options: SeedReplicaOptions,
  source: Server,
  begun: string | null,
): Promise<BackupRecord> {
  const wanted = begun ?? options.backup;
  const asked = { ...options, ...(wanted === undefined ? {} : { backup: wanted }) };
  const { record, problem } = await seedingBackup(config, asked);
  if (problem !== null) throw notContinued(source, record.id, problem);
  return record;
}

interface Left {
  replica: Server;
  source: Server;
  channel: ChannelStatus;
}

async function finish(
  { observe = ignore, signal, dryRun = false }: SeedReplicaOptions,
  { replica, source, channel }: Left,
): Promise<void> {
  const reach = { within: patience, signal: signal ?? new AbortController().signal, observe };
  const acts = [
    statement(replica, replica.dialect.startReplica(channel.name)),
    doing(replica, '-- wait until it has caught up', async () => {
      await caughtUp(replica, source, reach);
    }),
  ];
  await perform(acts, { observe, dryRun });
}

/** The configuration in which the server is a target, and the source that of the pair. */
function seedConfig(config: Config, { pair, replica, source }: SeedReplicaOptions): Config {
  const chosen = resolvePair(config, pair);
  return {
    ...config,
    pairs: { ...config.pairs, [chosen.name]: { ...chosen.pair, source } },
    targets: { ...config.targets, [target]: { ...replica, tools: chosen.pair.tools } },
  };
}

async function refuseHolding(replica: Server): Promise<void> {
  const held = await userDatabases(replica);
  const follows = (await channelsOf(replica)).length > 0;
  if (held.length === 0 && !follows) return;
  const what = held.length > 0 ? `holds ${held.join(', ')}` : 'replicates already';
  throw new StillpointError('refused', `the ${replica.who} ${what}`, {
    hint: 'Everything on it would be lost. Say --replace if that may be, or name an empty server.',
  });
}

async function restoreAndAttach(
  config: Config,
  options: SeedReplicaOptions,
  record: BackupRecord | null,
  replica: Server,
): Promise<void> {
  const { pair, observe = ignore, dryRun = false, identityFile, parallel, signal } = options;
  const asked = {
    ...{ backup: record?.id ?? '', pair, to: target, attach: true, intoPairMember: true },
    ...(identityFile === undefined ? {} : { identityFile }),
    ...(parallel === undefined ? {} : { parallel }),
    ...(signal === undefined ? {} : { signal }),
  };
  // Of a server that is to be emptied first, a dry run would find what is in the way still.
  const plan = { ...asked, dryRun: true, asIfEmpty: dryRun && options.wipe === true };
  const planned = record === null ? null : await restoreBackup(config, plan);
  const what = options.ofDump
    ? 'that dump'
    : `backup ${record?.id ?? ''}: ${planned?.parts ?? 0} parts`;
  const on = addressOf(replica);
  await observe({ type: 'act', on, says: `-- restore ${what}` });
  if (!dryRun) {
    await restoreBackup(config, { ...asked, observe });
    return;
  }
  await withOtherId(replica, { stateDir: config.stateDir, observe, dryRun }, async () => {
    const statements = planned?.attachStatements ?? options.ofDump?.attachStatements ?? [];
    for (const sql of statements) await observe({ type: 'act', on, says: sql });
  });
}

async function open(server: ServerConfig, who: string): Promise<Server> {
  return await openServer(await resolveServer(server), who);
}

function notContinued(source: Server, id: string, problem: string): StillpointError {
  return new StillpointError(
    'refused',
    `backup ${id} cannot become a replica of the ${source.who}: ${problem}`,
    { hint: 'Take a newer backup, or seed from the source itself (--seed source).' },
  );
}
