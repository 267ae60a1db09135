import type { Promotion } from './catalog/promotions.js';
import { alreadyPromoted, standingNow } from './alreadyPromoted.js';
import { resolvePair } from './config/choose.js';
import { replicaTitle } from './config/replicas.js';
import type { Config } from './config/schema.js';
import { resolveServer } from './config/secret.js';
import type { ChannelStatus } from './dialect/dialect.js';
import { StillpointError } from './errors.js';
import { channelFrom, refuseUnfit } from './failover/fit.js';
import { openPromotionJournal, type PromotionEntry } from './failover/journal.js';
import { requireReplicationUser } from './failover/replicationUser.js';
import { refuseTurn } from './failover/switchoverRefusals.js';
import { finishPromotion, type Promoting } from './finishPromotion.js';
import { journalAt } from './freeze/journal.js';
import { endFreeze } from './freeze/recover.js';
import { goesOn, startReceiver, stateBefore, stepBack } from './leftPromotion.js';
import { openAdmin, requireAdmin } from './pair/admin.js';
import { addressOf } from './pair/act.js';
import { withLock } from './pair/lock.js';
import type { Server } from './pair/server.js';
import { identityOf, type Identity } from './pair/following.js';
import { otherReplicas, pickPromoted } from './pickPromoted.js';
import { runPairHook } from './pairHook.js';
import type { PromoteOptions, PromoteResult } from './promoteOptions.js';
import {
  absent,
  busy,
  endBackup,
  noReplica,
  refuseLiving,
  refuseSeveralSources,
  refuseTwoWriters,
  type Promoter,
} from './promoteRefusals.js';
import { takeAll } from './takeAll.js';
import { newBackupId } from './store/keys.js';
import { systemClock } from './util/clock.js';
import { ignore } from './util/observe.js';

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
  const named = resolvePair(config, options.pair);
  refuseTwoWriters(named);
  await observe({ type: 'step', step: 'check-pair' });
  const { admin } = named.pair;
  let why: unknown = null;
  const source = await openAdmin(named.pair.source, admin, `source of ${named.name}`).catch(
    (error: unknown) => {
      why = error;
      return null;
    },
  );
  let replica: Server | null = null;
  try {
    const { chosen, loss } = await pickPromoted(config, named, {
      replica: options.replica,
      switchover: options.switchover === true,
      source,
    });
    const { name, pair } = chosen;
    replica = await openAdmin(pair.replica, admin, replicaTitle(name, chosen.replicaName));
    if (!source && options.switchover) throw absent(why, name);
    for (const server of [replica, source]) if (server) await requireAdmin(server, admin);
    const promoter = { config, chosen, options, replica, source, absent: why, loss };
    if (options.endBackup && options.dryRun !== true) await endBackup(promoter);
    return await withLock(replica, async (lost) => await promoteLocked(promoter, lost));
  } catch (error) {
    if (error instanceof StillpointError && error.code === 'locked') throw busy(error);
    throw error;
  } finally {
    source?.close();
    replica?.close();
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
    ...(status === 'planned'
      ? { warnings: [], promotion: null }
      : { warnings: promotion?.warnings ?? [], promotion }),
  });
  const journal = openPromotionJournal(config.stateDir, name);
  const promoting: Promoting = {
    ...{ config, chosen, replica, source, old, journal },
    ...{ signal, observe, dryRun, clock },
    release: async () => Promise.resolve(),
    closedAt: null,
  };
  const own = { name: chosen.replicaName, uuid: replica.uuid };
  if (!dryRun) await endFreeze(replica, await journalAt(config.stateDir, name, own), observe);
  const found = await journal.read();
  const kind = options.switchover ? 'switchover' : 'failover';
  const left = found === null ? null : await goesOn(promoting, found, kind);
  if (left?.phase === 'switching')
    return answer('promoted', await finishPromotion(promoting, left));

  const before = left ? null : await alreadyPromoted(promoter, old);
  if (before !== null)
    return { ...answer('nothing', before), ...(await standingNow(promoter, before)) };
  try {
    const promotion = await begin(promoter, promoting, left);
    return answer(dryRun ? 'planned' : 'promoted', promotion);
  } catch (error) {
    if (!dryRun) await stepBack(promoting);
    throw error;
  } finally {
    await promoting.release();
  }
}

/** Promotes the replica, when nothing speaks against it. */
async function begin(
  promoter: Promoter,
  promoting: Promoting,
  left: PromotionEntry | null,
): Promise<Promotion> {
  const { chosen, options, replica, source } = promoter;
  const { old, journal, signal, dryRun, clock } = promoting;
  if (left && !dryRun) await startReceiver(promoting, left);
  const channel = await channelFrom(replica, old);
  if (channel === null) throw noReplica(replica, old);
  refuseUnfit(replica, channel);
  await refuseSeveralSources(promoter, channel);
  if (options.switchover) await requireReplicationUser(replica, chosen.pair);
  else await refuseLiving(promoter, channel, signal);
  const before = await stateBefore(source, left);
  const begun = dryRun || !left ? null : before;
  await refuseTurn({ chosen, source, replica, begun, observe: promoting.observe }, options);
  const kind = options.switchover ? 'switchover' : 'failover';
  if (!dryRun)
    await options.confirm?.(`${questionOf(kind, replica, channel, old)}${promoter.loss}`);
  const { host, port } = replica.settings;
  const entry: PromotionEntry = {
    id: left?.kind === kind ? left.id : newBackupId(clock, kind),
    ...{ pair: chosen.name, kind, phase: 'closing', switched: null },
    ...before,
    ranReceiver: channel.receiver !== 'stopped',
    oldSource: old.uuid ?? channel.sourceUuid,
    newSource: replica.uuid,
    at: { old: { host: old.host, port: old.port }, new: { host, port } },
    since: clock.now().toISOString(),
  };
  if (!dryRun) {
    // Before anything is done to the source: it may be that there is no room for it.
    await journal.write(entry);
    await runPairHook(promoting, kind, 'before');
  }
  const { within = aDay } = options;
  const taking = { within, isBegun: left !== null && !dryRun };
  return await finishPromotion(promoting, await takeAll(promoting, entry, channel, taking));
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
