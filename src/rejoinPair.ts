import { lastPromotion, type Promotion } from './catalog/promotions.js';
import type { Rescue } from './catalog/rescues.js';
import { resolvePair, type ChosenPair } from './config/choose.js';
import type { Config, ServerConfig } from './config/schema.js';
import { StillpointError } from './errors.js';
import { openStateOf } from './failover/closing.js';
import { extraOf, type Extra } from './failover/extra.js';
import { mayHaveLost } from './failover/mayHaveLost.js';
import { channelFrom } from './failover/fit.js';
import { caughtUp, followActs } from './failover/follow.js';
import { forgetTrial, reachAct } from './failover/reach.js';
import { requireReplicationUser } from './failover/replicationUser.js';
import { openRejoinJournal } from './failover/journal.js';
import { keepExtra } from './keepExtra.js';
import { addressOf, doing, perform, statement } from './pair/act.js';
import {
  asAdmin,
  isClosed,
  isWritable,
  openAdmin,
  replicationAccount,
  requireAdmin,
} from './pair/admin.js';
import { channelsOf } from './pair/channels.js';
import { withLock } from './pair/lock.js';
import type { Server } from './pair/server.js';
import { seedingBegun, seedReplica } from './seedReplica.js';
import { openStore } from './store/open.js';
import type { Store } from './store/store.js';
import { systemClock, type Clock } from './util/clock.js';
import { ignore, type Observe } from './util/observe.js';

export interface RejoinOptions {
  pair?: string;
  /** Restore the server from the newest backup, though it could follow as it is. */
  reseed?: boolean;
  /** Secret key of age, for backups that are encrypted. */
  identityFile?: string;
  /** Only say what would be done. */
  dryRun?: boolean;
  /** Asked before anything is changed; what it is given says what would happen. */
  confirm?: (what: string) => Promise<void>;
  signal?: AbortSignal;
  observe?: Observe;
  clock?: Clock;
}

/** What a rejoin did, or with `dryRun` would do. `nothing`: the server follows already. */
export interface RejoinResult {
  pair: string;
  status: 'following' | 'planned' | 'nothing';
  /** The server that takes writes, and the one that follows it now. */
  source: string;
  replica: string;
  /** What the replica had of its own, and where that is saved; null for nothing. */
  rescued: Rescue | null;
  /** Id of the backup that it was restored from; null when it followed as it was. */
  seededFrom: string | null;
  /** Why it was restored, as a clause; null when it was not. */
  seededBecause: string | null;
}

/** Seconds that the server may take to catch up. */
const patience = 24 * 3600;

/**
 * Makes the server that was the source of a pair a replica of the one that took its place. What it has that
 * the new source has not is saved in the store first, and then it is restored from the newest backup; else it
 * follows from where it is. When it was interrupted, the same call goes on.
 */
export async function rejoinPair(
  config: Config,
  options: RejoinOptions = {},
): Promise<RejoinResult> {
  const { observe = ignore } = options;
  const chosen = resolvePair(config, options.pair);
  await observe({ type: 'step', step: 'check-pair' });
  const store = await openStore(chosen.store);
  const opened: Server[] = [];
  const open = async (server: ServerConfig, who: string) => {
    const one = await openAdmin(server, chosen.pair.admin, `${who} of ${chosen.name}`);
    opened.push(one);
    await requireAdmin(one, chosen.pair.admin);
    return { settings: server, server: one };
  };
  try {
    const promotion = await lastPromotion(store, chosen.name);
    const named = await open(chosen.pair.source, 'source');
    const other = await open(chosen.pair.replica, 'replica');
    const isSwapped = promotion?.newSource.uuid === other.server.uuid;
    const [source, replica] = isSwapped ? [other, named] : [named, other];
    const rejoining: Rejoining = { config, chosen, options, store, promotion, source, replica };
    await refuseWrongWay(rejoining);
    return await withLock(replica.server, async (lost) => await rejoinLocked(rejoining, lost));
  } finally {
    for (const server of opened) server.close();
    await store.close();
  }
}

interface Member {
  settings: ServerConfig;
  server: Server;
}

interface Rejoining {
  config: Config;
  chosen: ChosenPair;
  options: RejoinOptions;
  store: Store;
  promotion: Promotion | null;
  source: Member;
  /** What is to become one. */
  replica: Member;
}

async function rejoinLocked(rejoining: Rejoining, lost: AbortSignal): Promise<RejoinResult> {
  const { config, chosen, options, source, replica, promotion } = rejoining;
  const { observe = ignore, clock = systemClock, dryRun = false, reseed = false } = options;
  const signal = AbortSignal.any([lost, ...(options.signal ? [options.signal] : [])]);
  const how = { observe, dryRun };
  const result: RejoinResult = {
    pair: chosen.name,
    status: dryRun ? 'planned' : 'following',
    source: addressOf(source.server),
    replica: addressOf(replica.server),
    rescued: null,
    seededFrom: null,
    seededBecause: null,
  };
  if (!dryRun) await forgetTrial(replica.server);
  const journal = openRejoinJournal(config.stateDir, chosen.name);
  const left = await journal.read();
  if (!reseed && left === null && (await follows(replica.server, source.server)))
    return { ...result, status: 'nothing' };
  await requireReplicationUser(source.server, chosen.pair);
  if (!dryRun) await options.confirm?.(`make ${result.replica} a replica of ${result.source}`);

  const channel = await channelFrom(replica.server, oldSource(source.server));
  if (channel?.receiver !== 'running')
    await perform([reachAct(replica.server, source.server)], how);
  // First of all nobody may write to it any more.
  const now = await openStateOf(replica.server);
  const isOurs = left?.server === replica.server.uuid;
  const before = { ...now, ranEvents: now.ranEvents || (isOurs && left.ranEvents) };
  if (!dryRun)
    await journal.write({
      server: replica.server.uuid,
      ranEvents: before.ranEvents,
      since: clock.now().toISOString(),
    });
  const { dialect } = replica.server;
  const close = [
    ...(now.ranEvents ? ['SET GLOBAL event_scheduler = OFF'] : []),
    ...((await isClosed(replica.server)) ? [] : [dialect.closeForWrites()]),
  ];
  await observe({ type: 'step', step: 'close' });
  await perform(
    close.map((sql) => statement(replica.server, sql)),
    how,
  );
  const isNew = (await channelFrom(replica.server, oldSource(source.server))) === null;
  const isSeeding = await seedingBegun(config, replica.server);
  const isWhole = isNew && !isSeeding;
  const extra = isWhole ? await extraOf(replica.server, source.server, promotion) : null;
  if (extra) {
    await observe({ type: 'step', step: 'rescue' });
    const says = `-- save what it has alone: ${extra.says}`;
    const save = doing(replica.server, says, async () => {
      result.rescued = await keepExtra(chosen, extra, {
        ...{ store: rejoining.store, signal, clock },
        ...{ replica: replica.server, source: source.server },
      });
    });
    await perform([save], how);
  }
  const doubt = isWhole && !extra ? await mayHaveLost(replica.server, promotion) : null;
  if (doubt !== null) await observe({ type: 'warning', text: `${doubt}: it is restored` });
  result.seededBecause = whyRestored({ extra, reseed, isSeeding, doubt });
  if (result.seededBecause !== null) {
    if (!dryRun && !isSeeding)
      await options.confirm?.(`empty ${result.replica} and restore the newest backup`);
    await observe({ type: 'step', step: 'seed' });
    const { identityFile } = options;
    const seeded = await seedReplica(config, {
      pair: chosen.name,
      replica: asAdmin(replica.settings, chosen.pair.admin),
      source: asAdmin(source.settings, chosen.pair.admin),
      wipe: true,
      ...(identityFile === undefined ? {} : { identityFile }),
      ...how,
      signal,
    });
    result.seededFrom = seeded.backup;
  } else {
    await observe({ type: 'step', step: 'follow-source' });
    const account = await replicationAccount(chosen.pair);
    const opensAt = promotion?.opensAt ?? null;
    const from = { source: source.server, account, channel: '', opensAt };
    const wait = doing(replica.server, '-- wait until it has caught up', async () => {
      await caughtUp(replica.server, source.server, { within: patience, signal, observe });
    });
    await perform([...(await followActs(replica.server, from)), wait], how);
  }
  if (before.ranEvents)
    await perform([statement(replica.server, 'SET GLOBAL event_scheduler = ON')], how);
  if (!dryRun) await journal.close();
  return result;
}

function whyRestored(found: {
  extra: Extra | null;
  reseed: boolean;
  isSeeding: boolean;
  doubt: string | null;
}): string | null {
  if (found.isSeeding) return 'a restore of it was interrupted';
  if (found.extra) return 'it had transactions of its own';
  return found.reseed ? 'that was asked for' : found.doubt;
}

/** The source as a channel knows it. */
function oldSource({ settings, uuid }: Server) {
  return { host: settings.host, port: settings.port, uuid };
}

/** Whether it follows the source already, and takes no writes. */
async function follows(replica: Server, source: Server): Promise<boolean> {
  const channel = await channelFrom(replica, oldSource(source));
  return (
    channel !== null &&
    channel.applierRunning &&
    channel.receiver === 'running' &&
    (await isClosed(replica))
  );
}

/** Throws `refused` when the source is none: it takes no writes, or follows the other. */
async function refuseWrongWay({ source, replica }: Rejoining): Promise<void> {
  const { host, port } = replica.server.settings;
  const channels = await channelsOf(source.server);
  const isFollowing = channels.some((one) => one.sourceHost === host && one.sourcePort === port);
  if (!isFollowing && (await isWritable(source.server))) return;
  const why = isFollowing ? `follows ${addressOf(replica.server)}` : 'takes no writes';
  throw new StillpointError('refused', `the ${source.server.who} ${why}: it is no source`, {
    hint: 'Name the server that takes writes as source in the configuration, or let it with: stillpoint pair promote',
  });
}
