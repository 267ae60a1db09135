import { backup, type BackupOptions } from './backup.js';
import { readManifest } from './catalog/catalog.js';
import { newPin, putPin } from './catalog/pins.js';
import type { BackupRecord } from './catalog/records.js';
import { resolvePair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { resolveServer } from './config/secret.js';
import { reasonOf, StillpointError } from './errors.js';
import { barrierOf, barrierText, reachBarrier, type Barrier } from './pair/barrier.js';
import { openServer } from './pair/server.js';
import { openStore } from './store/open.js';
import { systemClock } from './util/clock.js';
import { ignore } from './util/observe.js';

export interface SnapshotOptions extends Pick<
  BackupOptions,
  'pair' | 'replica' | 'signal' | 'observe' | 'clock'
> {
  label: string;
  /** Seconds for which prune passes it over; `Infinity` for ever. Default 14 days. */
  keep?: number;
  /** Seconds to wait for another run to end, and then for the replica. Default 10 minutes. */
  wait?: number;
}

/** A snapshot: the record of its backup and what it was taken for. */
export interface SnapshotResult extends BackupRecord {
  /** It holds all that the source had committed when the snapshot began. */
  barrier: {
    /** Null when the source has no GTIDs; then there are `file` and `position`. */
    gtid: string | null;
    file: string | null;
    position: number | null;
    /** How long the replica took to reach it. */
    waitSeconds: number;
  };
  /** When the pin ends to hold; null for never. */
  pinnedUntil: string | null;
  /** What is in it. */
  databases: string[];
}

const snapshotDefaults = { keep: 14 * 86_400, wait: 600 };

/**
 * The backup before a change: holds everything that the source had committed when this was called, and
 * is pinned. Throws `refused` when the replica does not get there within `wait` seconds, with nothing
 * paused. When it throws, do not go on with the change.
 */
export async function snapshot(config: Config, options: SnapshotOptions): Promise<SnapshotResult> {
  const { observe = ignore, clock = systemClock, wait = snapshotDefaults.wait } = options;
  const { keep = snapshotDefaults.keep, ...rest } = options;
  const { name, pair, store } = resolvePair(config, options.pair);
  const source = await openServer(await resolveServer(pair.source), `source of ${name}`);
  let barrier: Barrier;
  try {
    barrier = await barrierOf(source);
  } finally {
    source.close();
  }
  let waitSeconds = 0;
  const record = await backup(config, {
    ...rest,
    pair: name,
    lockWithin: wait,
    async ready(replica, signal) {
      await observe({ type: 'step', step: 'reach' });
      const begun = clock.seconds();
      await reachBarrier(replica, barrier, { within: wait, signal, observe });
      waitSeconds = Math.round((clock.seconds() - begun) * 1000) / 1000;
    },
  });

  await observe({ type: 'step', step: 'pin' });
  let databases: string[];
  const until = Number.isFinite(keep) ? new Date(clock.now().getTime() + keep * 1000) : null;
  const place = await openStore(store);
  try {
    const reason = `snapshot ${options.label}`;
    await putPin(place, newPin({ pair: name, id: record.id, until, reason }, clock));
    databases = (await readManifest(place, record)).databases.map((database) => database.name);
  } catch (error) {
    throw new StillpointError(
      'failed',
      `the backup ${record.id} is committed but not pinned: ${reasonOf(error)}`,
      { hint: `\`stillpoint pin ${record.id}\` keeps it from being pruned.`, cause: error },
    );
  } finally {
    await place.close();
  }
  const { file, position } = 'gtid' in barrier ? { file: null, position: null } : barrier.position;
  const gtid = 'gtid' in barrier ? barrierText(barrier) : null;
  return {
    ...record,
    barrier: { gtid, file, position, waitSeconds },
    pinnedUntil: until?.toISOString() ?? null,
    databases,
  };
}
