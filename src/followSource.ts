import type { Manifest } from './catalog/records.js';
import type { Config } from './config/schema.js';
import { resolvePair, type ChosenPair } from './config/choose.js';
import { replicaTitle } from './config/replicas.js';
import { resolveServer } from './config/secret.js';
import type { CatchUpOptions } from './drill/catchUp.js';
import { outsideOf } from './drill/outside.js';
import { journalAt, journalsBeside } from './freeze/journal.js';
import { freezePair, wantsReadLock } from './freezePair.js';
import { withPairLock } from './lockPair.js';
import type { OpenBackup } from './openBackup.js';
import { requireGrants } from './pair/grants.js';
import { openServer, type Server } from './pair/server.js';
import { pickReplica } from './pickReplica.js';
import { recoverPair } from './recoverPair.js';
import { refuseFollowingReplica } from './restore/attach.js';
import {
  requireReplicationGrants,
  sourceAddresses,
  writtenOnSources,
  type Followed,
} from './sourcesOfBackup.js';
import type { Store } from './store/store.js';
import type { Clock } from './util/clock.js';
import type { Observe } from './util/observe.js';

/** What following the source needs of the pair. */
export interface Following {
  /** What the sandbox is not to take from its sources. */
  ignored: string[];
  options: Pick<CatchUpOptions, 'sources' | 'reach' | 'replica' | 'freeze' | 'databases'>;
  close(): void;
}

interface FollowingOptions {
  id: string;
  signal: AbortSignal;
  observe: Observe;
  clock: Clock;
}

/** Seconds to wait for a backup of the pair to end: the freeze of a drill can wait. */
const lockPatience = 1800;

/**
 * Opens what a drill needs to follow the source and to compare with the replica; finds what would
 * refuse that before anything is downloaded. Nothing is paused yet.
 */
export async function openFollowing(
  config: Config,
  opened: OpenBackup,
  manifest: Manifest,
  options: FollowingOptions,
): Promise<Following> {
  const { name, pair, record } = opened;
  // Of two writers, the one that stands still: where it did is a point of its own binary log, but none of
  // the other's, which has the writes of both in another order.
  const which = pair.topology === 'source-source' ? 'replica' : 'source';
  if (which === 'replica') refuseFollowingReplica(record);
  await requireReplicationGrants(opened, which);
  const { signal: ending, observe } = options;
  const { chosen } = await pickReplica(config, resolvePair(config, name), {
    ...{ replica: undefined, lockWithin: lockPatience, signal: ending, observe },
  });
  const sources = await sourceAddresses(opened, true, which);
  const reach = await writtenOnSources(opened, which);
  const who = replicaTitle(name, chosen.replicaName);
  const replica = await openServer(await resolveServer(chosen.pair.replica), who);
  try {
    const ignored = await ignoredOf(opened, manifest, which, replica);
    const freeze = await freezeOf(config, { ...options, chosen, replica, place: opened.store });
    return {
      ignored,
      options: { sources, reach, replica, freeze, databases: pair.databases },
      close() {
        replica.close();
      },
    };
  } catch (error) {
    replica.close();
    throw error;
  }
}

async function ignoredOf(
  { name, pair, record }: OpenBackup,
  manifest: Manifest,
  which: Followed,
  replica: Server,
): Promise<string[]> {
  const source = await openServer(await resolveServer(pair[which]), `${which} of ${name}`);
  try {
    // Other sources than that of the pair need not answer us; the replica has what they have.
    const places = record.coordinates.channels.length > 1 ? [source, replica] : [source];
    const ignored = new Set<string>();
    for (const place of places)
      for (const pattern of await outsideOf(place, manifest, pair.databases)) ignored.add(pattern);
    return [...ignored];
  } finally {
    source.close();
  }
}

interface Freezing extends FollowingOptions {
  chosen: ChosenPair;
  replica: Server;
  place: Store;
}

/** How the replica is frozen; finds what would refuse that. */
async function freezeOf(
  config: Config,
  { chosen, replica, place, ...options }: Freezing,
): Promise<CatchUpOptions['freeze']> {
  const { name, pair, replicaName } = chosen;
  const own = { name: replicaName, uuid: replica.uuid };
  const journal = await journalAt(config.stateDir, name, own);
  const on = { name, pair, replica, replicaName, journal };
  const exclusive = await wantsReadLock(on);
  await requireGrants(replica, { exclusive, closes: false });
  return async (body) =>
    await withPairLock(
      on,
      async (lost) => {
        const signal = AbortSignal.any([options.signal, lost]);
        const others = await journalsBeside(config.stateDir, name, journal);
        await recoverPair({ ...on, place, others }, async (text) => {
          await options.observe({ type: 'warning', text });
        });
        return await freezePair(on, { ...options, exclusive, stores: false, signal }, body);
      },
      { within: lockPatience, signal: options.signal },
    );
}
