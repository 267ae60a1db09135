import { wasNewSource, type Promotion } from './catalog/promotions.js';
import type { Rescue } from './catalog/rescues.js';
import { resolvePair, type ChosenPair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { whyNotFollowed } from './failover/continued.js';
import { openStateOf, type OpenState } from './failover/closing.js';
import { extraByGtid, type Extra } from './failover/extra.js';
import { channelOf } from './pair/following.js';
import { caughtUp, followActs } from './failover/follow.js';
import { forgetTrial, reachAct } from './failover/reach.js';
import { requireReplicationUser } from './failover/replicationUser.js';
import { openRejoinJournal } from './failover/journal.js';
import { semiSyncOf, semiSyncOff } from './failover/semiSync.js';
import { keepExtra } from './keepExtra.js';
import { addressOf, doing, perform, statement, type Act } from './pair/act.js';
import { isClosed, replicationAccount } from './pair/admin.js';
import { closeAct } from './pair/closeWrites.js';
import { withLock } from './pair/lock.js';
import { historyOf } from './pair/position.js';
import type { Server } from './pair/server.js';
import { withMembers, type Members } from './rejoinMembers.js';
import { isAsLeft, isSound, isStuck } from './rejoinStanding.js';
import { seedingBegun } from './seedingLeft.js';
import { chooseRejoinSeed, endSeeding, seedRejoined } from './seedRejoined.js';
import { openStore } from './store/open.js';
import type { Store } from './store/store.js';
import type { RejoinOptions, RejoinResult } from './rejoinOptions.js';
import { systemClock, type Clock } from './util/clock.js';
import { ignore, type Observe } from './util/observe.js';
import { refuseSeveralChannels, whatIsAlone, type Alone } from './whatIsAlone.js';

/** Seconds that the server may take to catch up. */
const patience = 24 * 3600;

/**
 * Makes the server that was the source of a pair, or one of its replicas, a replica of the one that takes writes.
 * What it has that the source has not is saved in the store first, and then it is restored from the newest backup,
 * or from the source where no backup will do; else it follows from where it is. When it was interrupted, the same
 * call goes on.
 */
export async function rejoinPair(
  config: Config,
  options: RejoinOptions = {},
): Promise<RejoinResult> {
  const { observe = ignore } = options;
  const chosen = resolvePair(config, options.pair);
  await observe({ type: 'step', step: 'check-pair' });
  const store = await openStore(chosen.store);
  try {
    return await withMembers(config, chosen, store, options.replica, async (members) => {
      const rejoining: Rejoining = { config, chosen, options, store, ...members };
      const { server } = members.replica;
      return await withLock(server, async (lost) => await rejoinLocked(rejoining, lost));
    });
  } finally {
    await store.close();
  }
}

interface Rejoining extends Members {
  config: Config;
  chosen: ChosenPair;
  options: RejoinOptions;
  store: Store;
}

async function rejoinLocked(rejoining: Rejoining, lost: AbortSignal): Promise<RejoinResult> {
  const { config, chosen, options, source, replica, promotion } = rejoining;
  const { observe = ignore, clock = systemClock, dryRun = false } = options;
  const reseed = options.reseed === true || options.seed !== undefined;
  const signal = AbortSignal.any([lost, ...(options.signal ? [options.signal] : [])]);
  const how = { observe, dryRun };
  const { server } = replica;
  const result: RejoinResult = {
    pair: chosen.name,
    status: dryRun ? 'planned' : 'following',
    source: addressOf(source.server),
    replica: addressOf(server),
    engine: server.dialect.version.flavour,
    ...{ rescued: null, seed: null, seededFrom: null, seededBecause: null },
  };
  if (!dryRun) await forgetTrial(server);
  const journal = openRejoinJournal(config.stateDir, chosen.name, server.uuid);
  const left = await journal.read();
  if (!reseed && left === null && (await isSound(server, source.server)))
    return { ...result, status: 'nothing' };
  await requireReplicationUser(source.server, chosen.pair);
  await refuseSeveralChannels(server);
  if (!dryRun) await options.confirm?.(`make ${result.replica} a replica of ${result.source}`);

  const channel = await channelOf(server, source.server);
  if (channel?.receiver !== 'running') await perform([reachAct(server, source.server)], how);
  // First of all nobody may write to it any more.
  const now = await openStateOf(server);
  const begun = await seedingBegun(config, server);
  const goesOn =
    begun && (await isAsLeft(server, source.server, now, left)) && !(reseed && isStuck(channel));
  const ranEvents = now.ranEvents || left?.ranEvents === true;
  let history = goesOn ? (left?.history ?? null) : null;
  const write = async (seed: RejoinResult['seed']) => {
    const entry = {
      server: server.uuid,
      ranEvents,
      history,
      seed,
      since: clock.now().toISOString(),
    };
    if (!dryRun) await journal.write(entry);
  };
  await write(left?.seed ?? null);
  await observe({ type: 'step', step: 'close' });
  await perform(await closeActs(server, now), how);
  history ??= await historyOf(server);
  const isNew = channel === null;
  const alone = goesOn ? nothing : await aloneOn(rejoining, isNew, { ...how, signal });
  const { extra } = alone;
  if (extra) result.rescued = await saved(rejoining, extra, { ...how, signal, clock });
  const opensAt = opensAtOf(promotion, source.server);
  const cannot =
    isNew && !begun && !extra ? await whyNotFollowed(server, source.server, opensAt) : null;
  const doubt = alone.doubt ?? cannot;
  if (doubt !== null) await observe({ type: 'warning', text: `${doubt}: it is restored` });
  if (doubt === null && extra) result.seededBecause = 'it had transactions of its own';
  else if (begun) result.seededBecause = doubt ?? 'a restore of it was interrupted';
  else result.seededBecause = doubt ?? (reseed ? 'that was asked for' : null);

  if (result.seededBecause !== null) {
    const place = { config, chosen, source, replica };
    const { identityFile, seed = null } = options;
    const identity = identityFile === undefined ? {} : { identityFile };
    result.seed = goesOn ? (left?.seed ?? 'backup') : await chooseRejoinSeed(place, seed, identity);
    const from = result.seed === 'backup' ? 'the newest backup' : `what ${result.source} holds`;
    if (!dryRun && !goesOn) await options.confirm?.(`empty ${result.replica} and restore ${from}`);
    await write(result.seed);
    await observe({ type: 'step', step: 'seed' });
    const asked = { ...identity, ...how, signal, anew: !goesOn };
    result.seededFrom = await seedRejoined(place, result.seed, asked);
  } else {
    await observe({ type: 'step', step: 'follow-source' });
    const account = await replicationAccount(chosen.pair);
    const from = { source: source.server, account, channel: alone.channel, opensAt };
    const wait = doing(server, '-- wait until it has caught up', async () => {
      await caughtUp(server, source.server, { within: patience, signal, observe });
    });
    await perform([...(await followActs(server, from)), wait], how);
    if (left?.seed === 'source')
      await endSeeding(config, chosen.name, server, { ...how, source: source.server });
  }
  if (ranEvents) await perform([statement(server, 'SET GLOBAL event_scheduler = ON')], how);
  if (!dryRun) await journal.close();
  return result;
}

/** What closes a server for writes, and ends what it does by itself and waits for; nothing where that is so. */
async function closeActs(server: Server, { ranEvents }: OpenState): Promise<Act[]> {
  return [
    ...(ranEvents ? [statement(server, 'SET GLOBAL event_scheduler = OFF')] : []),
    ...((await isClosed(server)) ? [] : [closeAct(server)]),
    ...semiSyncOff(server, await semiSyncOf(server)),
  ];
}

/** Saves what a server has alone; null in a dry run. */
async function saved(
  { chosen, store, source, replica }: Rejoining,
  extra: Extra,
  {
    signal,
    clock,
    ...how
  }: { signal: AbortSignal; clock: Clock; observe: Observe; dryRun: boolean },
): Promise<Rescue | null> {
  let rescued: Rescue | null = null;
  const says = `-- save what it has alone: ${extra.says}`;
  const save = doing(replica.server, says, async () => {
    const servers = { replica: replica.server, source: source.server };
    rescued = await keepExtra(chosen, extra, { ...servers, store, signal, clock });
  });
  await how.observe({ type: 'step', step: 'rescue' });
  await perform([save], how);
  return rescued;
}

const nothing: Alone = { extra: null, doubt: null, channel: '' };

/** One that follows already has more in its binary log than the record of the promotion tells. */
async function aloneOn(
  { replica, source, promotion }: Rejoining,
  isNew: boolean,
  how: Parameters<typeof whatIsAlone>[3],
): Promise<Alone> {
  if (isNew) return await whatIsAlone(replica.server, source.server, promotion, how);
  return { ...nothing, extra: await extraByGtid(replica.server, source.server) };
}

/** Where the binary log of the source stood when it became that. */
function opensAtOf(promotion: Promotion | null, source: Server): Promotion['opensAt'] {
  return promotion && wasNewSource(promotion, source) ? promotion.opensAt : null;
}
