import { StillpointError } from '../errors.js';
import type { Server } from '../pair/server.js';
import { systemClock, type Clock } from '../util/clock.js';
import type { Observe } from '../util/observe.js';
import { readCoordinates, type Coordinates } from './coordinates.js';
import { whatMoved } from './fence.js';
import { openLease } from './lease.js';
import { settled, withEarlier } from './outcome.js';
import { withReadLock } from './readLock.js';
import { watchRelayRoom } from './relayRoom.js';
import { resumeChannels, type RunningChannel } from './resume.js';
import { stopAppliers } from './stop.js';

export interface FreezeOptions {
  /** Channels whose applier ran at the gate: these are paused, and these run again afterwards. */
  channels: readonly RunningChannel[];
  /** Seconds that the lease sleeps; renewed at a third of it. */
  leaseSeconds: number;
  /** Seconds after which the replica is resumed and the backup fails. */
  maxSeconds: number;
  /** Hold FLUSH TABLES WITH READ LOCK for the freeze, for a node that takes writes. */
  exclusive: boolean;
  /** The server takes writes of its own: these belong to what it holds. */
  ownWrites: boolean;
  /** Ends the freeze early: a signal, a lost lock. */
  signal: AbortSignal;
  observe: Observe;
  /** Called right before the lease is taken, and right after every channel was seen running again. */
  journal: { open(): Promise<void>; close(): Promise<void> };
  clock?: Clock;
}

/** A replica that stands still. */
export interface Frozen {
  coordinates: Coordinates;
  /** Fires when the freeze ends early; everything done inside must stop then. */
  signal: AbortSignal;
}

/** How long and where the replica stood still. */
export interface FreezeRecord {
  coordinates: Coordinates;
  pausedAt: Date;
  resumedAt: Date;
  /** From the moment the STOP was sent until every applier was seen running. */
  pauseSeconds: number;
}

/**
 * Pauses the appliers, runs `body` on data that stands still, proves with the fence that it did, and
 * resumes. Whatever happens, every channel in `options.channels` runs again before this settles, or
 * it throws `not-resumed`. When the freeze is cut short the replica is resumed first and `body` is
 * waited for afterwards.
 */
export async function withFreeze<T>(
  replica: Server,
  options: FreezeOptions,
  body: (frozen: Frozen) => Promise<T>,
): Promise<{ value: T; freeze: FreezeRecord }> {
  const { observe, channels, clock = systemClock } = options;
  const names = channels.map((channel) => channel.name);

  await observe({ type: 'step', step: 'journal' });
  await options.journal.open();
  await observe({ type: 'step', step: 'lease' });
  const words = {
    first: names.map((name) => replica.dialect.stopApplier(name)),
    promised: names.map((name) => replica.dialect.startApplier(name)),
  };
  const lease = await openLease(replica, words, options.leaseSeconds);

  const bound = new AbortController();
  const room = watchRelayRoom(replica);
  const signal = AbortSignal.any([options.signal, lease.lost, bound.signal, room.full]);
  const timer = setTimeout(() => {
    bound.abort(tooLong(options.maxSeconds));
  }, options.maxSeconds * 1000);
  const pausedAt = clock.now();
  const begun = clock.seconds();
  let running: Promise<T> | undefined;

  const outcome = await settled(standStill());
  clearTimeout(timer);
  room.end();
  await observe({ type: 'step', step: 'resume' });
  const resumed = await settled(resumeChannels(replica, channels, lease.stopper()));
  const pauseSeconds = clock.seconds() - begun;
  const resumedAt = clock.now();
  if (resumed.ok) {
    await observe({ type: 'resumed', pauseSeconds });
    await options.journal.close();
  }
  await observe({ type: 'step', step: 'drop-lease' });
  // Every applier runs by now: a lease that cannot be taken back does no harm when it fires.
  if (resumed.ok) await lease.drop().catch(() => undefined);
  else lease.fire();
  await running?.catch(() => undefined);

  if (!resumed.ok) throw withEarlier(resumed.error, outcome);
  if (!outcome.ok) throw outcome.error;
  return {
    ...outcome.value,
    freeze: { coordinates: outcome.value.coordinates, pausedAt, resumedAt, pauseSeconds },
  };

  async function standStill() {
    await observe({ type: 'step', step: 'stop' });
    signal.throwIfAborted();
    await stopAppliers(replica, lease, names, signal);
    return await withReadLock(replica, options.exclusive, signal, async (unlocked) => {
      await observe({ type: 'step', step: 'record' });
      const coordinates = await readCoordinates(replica, options.ownWrites);
      const since = clock.seconds();
      await observe({ type: 'paused' });
      await observe({ type: 'step', step: 'dump' });
      const inside = AbortSignal.any([signal, unlocked]);
      inside.throwIfAborted();
      running = body({ coordinates, signal: inside });
      // Waited for below also when it is not the first to fail.
      running.catch(() => undefined);
      const value = await untilAborted(running, inside);
      await observe({ type: 'step', step: 'fence' });
      const now = await readCoordinates(replica, options.ownWrites);
      inside.throwIfAborted();
      const moved = whatMoved(coordinates, now, clock.seconds() - since);
      if (moved.length > 0) throw fenceBroken(replica, moved);
      return { value, coordinates };
    });
  }
}

/** The value of `work`, or the signal's reason as soon as it fires. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return await new Promise<T>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    work.then(resolve, reject);
  });
}

function tooLong(seconds: number): StillpointError {
  return new StillpointError('failed', `the freeze reached its bound of ${seconds} s`, {
    hint: 'The replica was resumed. Raise freeze.maxDuration, or dump with more processes at once (dump.parallel).',
  });
}

function fenceBroken(replica: Server, moved: readonly string[]): StillpointError {
  return new StillpointError(
    'failed',
    `the ${replica.who} did not stand still: ${moved.join('; ')}`,
    {
      hint: 'Someone started the SQL thread, wrote to the replica or restarted it during the freeze; see that nothing does, and run the backup again.',
    },
  );
}
