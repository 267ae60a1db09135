import type { Promotion } from './catalog/promotions.js';
import { resolvePair } from './config/choose.js';
import { replicaTitle } from './config/replicas.js';
import type { Config } from './config/schema.js';
import { resolveServer } from './config/secret.js';
import type { ChannelStatus } from './dialect/dialect.js';
import { reasonOf, StillpointError } from './errors.js';
import { isAsBefore, openStateOf } from './failover/closing.js';
import { waitingEvents } from './failover/events.js';
import { channelFrom, refuseUnfit } from './failover/fit.js';
import { handOver, type Taken } from './failover/handOver.js';
import { openPromotionJournal, type PromotionEntry } from './failover/journal.js';
import { requireReplicationUser } from './failover/replicationUser.js';
import { refuseTurn } from './failover/switchoverRefusals.js';
import { takeRest } from './failover/takeRest.js';
import { finishPromotion, type Promoting } from './finishPromotion.js';
import { journalAt } from './freeze/journal.js';
import { recover } from './freeze/recover.js';
import { openAdmin, requireAdmin } from './pair/admin.js';
import { addressOf } from './pair/act.js';
import { channelsOf } from './pair/channels.js';
import { withLock } from './pair/lock.js';
import { ownPosition } from './pair/position.js';
import type { Server } from './pair/server.js';
import { identityOf, isFrom, type Identity } from './pair/following.js';
import { otherReplicas, pickPromoted } from './pickPromoted.js';
import { runPairHook } from './pairHook.js';
import {
  absent,
  alreadyPromoted,
  busy,
  endBackup,
  noReplica,
  refuseLiving,
  refuseSeveralSources,
  refuseTwoWriters,
  type Promoter,
} from './promoteRefusals.js';
import { newBackupId } from './store/keys.js';
import { systemClock, type Clock } from './util/clock.js';
import { ignore, type Observe } from './util/observe.js';

export interface PromoteOptions {
  pair?: string;
  /** Of a pair with several replicas the one to promote. Default: one is picked. */
  replica?: string;
  /** Both servers are there and change their roles. Else the source is gone. */
  switchover?: boolean;
  /** Whoever asks has seen to it that the source takes no writes, though it seems to live. */
  sourceFenced?: boolean;
  /** End a backup that holds the lock on the replica; else that is refused. */
  endBackup?: boolean;
  /** Seconds that applying the relay logs of a source that is gone may take. Default: a day. */
  within?: number;
  /** Only say what would be done. */
  dryRun?: boolean;
  /** Asked before anything is changed; what it is given says what would happen. */
  confirm?: (what: string) => Promise<void>;
  signal?: AbortSignal;
  observe?: Observe;
  clock?: Clock;
}

/** What a promotion did, or with `dryRun` would do. `nothing`: the replica is the source already. */
export interface PromoteResult {
  pair: string;
  status: 'promoted' | 'planned' | 'nothing';
  oldSource: string;
  newSource: string;
  /** Of a pair with several replicas the names of the others. */
  otherReplicas: string[];
  /** The same, and whether each follows the new source now, or with `dryRun` would. */
  others: Promotion['others'];
  /** What is on record; null with `planned`, and where nobody has promoted it. */
  promotion: Promotion | null;
}

const aDay = 24 * 3600;

/**
 * Makes the replica of a pair its source: with `switchover` both change their roles and nothing is lost,
 * else the source is gone, and all that the replica has received of it is applied first. A promotion that
 * was interrupted goes on when the same is asked for again. Throws `refused` with the reason when that
 * would lose data, or leave two servers that take writes.
 */
export async function promotePair(
  config: Config,
  options: PromoteOptions = {},
): Promise<PromoteResult> {
  const { observe = ignore } = options;
  refuseTwoWriters(resolvePair(config, options.pair));
  await observe({ type: 'step', step: 'check-pair' });
  const { chosen, loss } = await pickPromoted(config, resolvePair(config, options.pair), {
    replica: options.replica,
    switchover: options.switchover === true,
  });
  const { name, pair } = chosen;
  const who = replicaTitle(name, chosen.replicaName);
  const replica = await openAdmin(pair.replica, pair.admin, who);
  let source: Server | null = null;
  try {
    const found = await openAdmin(pair.source, pair.admin, `source of ${name}`).catch(
      (error: unknown) => reasonOf(error),
    );
    if (typeof found === 'string') {
      if (options.switchover) throw absent(found, name);
    } else source = found;
    for (const server of [replica, source]) if (server) await requireAdmin(server, pair.admin);
    const promoter = { config, chosen, options, replica, source, loss };
    if (options.endBackup && options.dryRun !== true) await endBackup(promoter);
    return await withLock(replica, async (lost) => await promoteLocked(promoter, lost));
  } catch (error) {
    if (error instanceof StillpointError && error.code === 'locked') throw busy(error);
    throw error;
  } finally {
    source?.close();
    replica.close();
  }
}

async function promoteLocked(promoter: Promoter, lost: AbortSignal): Promise<PromoteResult> {
  const { config, chosen, options, replica, source } = promoter;
  const { observe = ignore, clock = systemClock, dryRun = false } = options;
  const { name, pair } = chosen;
  const signal = AbortSignal.any([lost, ...(options.signal ? [options.signal] : [])]);
  const { host, port } = await resolveServer(pair.source);
  const old = source ? await identityOf(source) : { host, port, uuid: null, serverId: null };
  const names = {
    pair: name,
    oldSource: `${host}:${port}`,
    newSource: addressOf(replica),
    otherReplicas: otherReplicas(chosen),
  };
  const answer = (status: PromoteResult['status'], promotion: Promotion | null): PromoteResult => ({
    ...{ ...names, status, others: promotion?.others ?? [] },
    promotion: status === 'planned' ? null : promotion,
  });
  const journal = openPromotionJournal(config.stateDir, name);
  const promoting: Promoting = {
    ...{ config, chosen, replica, source, old, journal },
    ...{ signal, observe, dryRun, clock },
    release: async () => Promise.resolve(),
    closedAt: null,
  };
  const own = { name: chosen.replicaName, uuid: replica.uuid };
  if (!dryRun) await recover(replica, await journalAt(config.stateDir, name, own));
  const left = await journal.read();
  if (left?.phase === 'switching')
    return answer('promoted', await finishPromotion(promoting, left));

  const before = left ? null : await alreadyPromoted(promoter);
  if (before !== null && !(await channelsOf(replica)).some((one) => isFrom(one, old)))
    return answer('nothing', before);
  const channel = await channelFrom(replica, old);
  if (channel === null) throw noReplica(replica, old);
  refuseUnfit(replica, channel);
  await refuseSeveralSources(promoter, channel);
  if (options.switchover) await requireReplicationUser(replica, pair);
  else await refuseLiving(promoter, channel, signal);
  await refuseTurn({ chosen, source, replica, begun: dryRun ? null : left, observe }, options);
  const kind = options.switchover ? 'switchover' : 'failover';
  if (!dryRun) {
    await options.confirm?.(`${questionOf(kind, replica, channel, old)}${promoter.loss}`);
    await runPairHook(promoting, pair.failover.before, 'before');
  }
  // Of one that was killed, how the source was before that.
  const { wasWritable, ranEvents } =
    left ?? (source ? await openStateOf(source) : { wasWritable: false, ranEvents: false });
  const entry: PromotionEntry = {
    id: left?.id ?? newBackupId(clock, kind),
    ...{ pair: name, kind, phase: 'closing', wasWritable, ranEvents, switched: null },
    oldSource: old.uuid ?? channel.sourceUuid,
    newSource: replica.uuid,
    since: clock.now().toISOString(),
  };
  try {
    if (!dryRun) await journal.write(entry);
    const { within = aDay } = options;
    const taking = { within, isBegun: left !== null && !dryRun };
    const further = await takeAll(promoting, entry, channel, taking);
    const promotion = await finishPromotion(promoting, further);
    return answer(dryRun ? 'planned' : 'promoted', promotion);
  } catch (error) {
    // Nothing has taken the source's place, and it takes writes again.
    const is = dryRun ? null : await journal.read();
    if (is?.phase === 'closing' && (await isAsBefore(source, is))) await journal.close();
    throw error;
  } finally {
    await promoting.release();
  }
}

/** Until the replica has everything there is to have, and that is on disk. */
async function takeAll(
  promoting: Promoting,
  entry: PromotionEntry,
  channel: ChannelStatus,
  { within, isBegun }: { within: number; isBegun: boolean },
): Promise<PromotionEntry> {
  const { chosen, replica, source, signal, observe, dryRun, journal } = promoting;
  const how = { signal, observe, dryRun };
  const events = await waitingEvents(replica, source, channel);
  const settle = async ({ received, opensAt }: Taken): Promise<PromotionEntry> => {
    const switched = { received, channel: channel.name, events, opensAt, moving: [] };
    const further: PromotionEntry = { ...entry, phase: 'switching', switched };
    await observe({ type: 'step', step: 'switch' });
    signal.throwIfAborted();
    if (!dryRun) await journal.write(further);
    return further;
  };
  if (entry.kind === 'failover' || !source) {
    const received = await takeRest(replica, channel, { within, ...how });
    return await settle({ received, opensAt: await ownPosition(replica) });
  }
  const { maxPause } = chosen.pair.failover;
  const before = { wasWritable: entry.wasWritable, ranEvents: entry.ranEvents };
  const asked = { before, isBegun, maxPause, ...how, settle };
  const handed = await handOver(source, replica, channel, asked);
  promoting.release = handed.release;
  promoting.closedAt = handed.closedAt;
  return handed.value;
}

function questionOf(
  kind: Promotion['kind'],
  replica: Server,
  { lagSeconds }: ChannelStatus,
  old: Identity,
): string {
  const address = addressOf(replica);
  if (kind === 'switchover')
    return `make ${address} the source and ${old.host}:${old.port} its replica; nobody can write for a moment`;
  const lag = lagSeconds === null ? '' : ` (${lagSeconds} s behind)`;
  return `make ${address}${lag} the source in place of ${old.host}:${old.port}, and lose what it has not received`;
}
