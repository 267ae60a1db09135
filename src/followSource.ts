import type { Manifest } from './catalog/records.js';
import type { Config } from './config/schema.js';
import { resolvePair } from './config/choose.js';
import { replicaTitle } from './config/replicas.js';
import { resolveServer } from './config/secret.js';
import type { CatchUpOptions } from './drill/catchUp.js';
import { outsideOf } from './drill/outside.js';
import { journalAt, journalsBeside } from './freeze/journal.js';
import { freezePair, wantsReadLock } from './freezePair.js';
import { withPairLock } from './lockPair.js';
import type { OpenBackup } from './openBackup.js';
import { requireGrants } from './pair/grants.js';
import { barrierOf } from './pair/barrier.js';
import { openServer } from './pair/server.js';
import { requireReplicationGrant, sourceOf } from './pairOfBackup.js';
import { pickReplica } from './pickReplica.js';
import { recoverPair } from './recoverPair.js';
import { refuseFollowingReplica, refuseSeveralSources } from './restore/attach.js';
import type { Clock } from './util/clock.js';
import type { Observe } from './util/observe.js';

/** What following the source needs of the pair. */
export interface Following {
  /** What the sandbox is not to take from the source. */
  ignored: string[];
  options: Pick<CatchUpOptions, 'source' | 'reach' | 'replica' | 'freeze' | 'databases'>;
  close(): void;
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
  options: { id: string; signal: AbortSignal; observe: Observe; clock: Clock },
): Promise<Following> {
  const { name, pair, record, store } = opened;
  refuseSeveralSources(record);
  // Of two writers, the one that stands still: where it did is a point of its own binary log, but none of
  // the other's, which has the writes of both in another order.
  const which = pair.topology === 'source-source' ? 'replica' : 'source';
  if (which === 'replica') refuseFollowingReplica(record);
  await requireReplicationGrant(opened, which);
  const { signal: ending, observe } = options;
  const { chosen } = await pickReplica(config, resolvePair(config, name), {
    ...{ replica: undefined, lockWithin: lockPatience, signal: ending, observe },
  });
  const { replicaName } = chosen;
  const source = await openServer(await resolveServer(pair[which]), `${which} of ${name}`);
  try {
    const ignored = await outsideOf(source, manifest, pair.databases);
    const reach = record.coordinates.gtid === null ? null : await barrierOf(source);
    const who = replicaTitle(name, replicaName);
    const replica = await openServer(await resolveServer(chosen.pair.replica), who);
    const journal = await journalAt(config.stateDir, name, {
      name: replicaName,
      uuid: replica.uuid,
    });
    const on = { name, pair: chosen.pair, replica, replicaName, journal };
    const exclusive = await wantsReadLock(on);
    await requireGrants(replica, { exclusive, closes: false });
    const freeze: CatchUpOptions['freeze'] = async (body) =>
      await withPairLock(
        on,
        async (lost) => {
          const signal = AbortSignal.any([options.signal, lost]);
          await recoverPair(
            { ...on, place: store, others: await journalsBeside(config.stateDir, name, journal) },
            async (text) => await options.observe({ type: 'warning', text }),
          );
          return await freezePair(on, { ...options, exclusive, stores: false, signal }, body);
        },
        { within: lockPatience, signal: options.signal },
      );
    return {
      ignored,
      options: {
        source: await sourceOf(opened, true, which),
        reach,
        replica,
        freeze,
        databases: pair.databases,
      },
      close() {
        replica.close();
      },
    };
  } finally {
    source.close();
  }
}
