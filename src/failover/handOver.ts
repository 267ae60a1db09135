import type { BinlogPosition, ChannelStatus } from '../dialect/dialect.js';
import { reasonOf, StillpointError } from '../errors.js';
import { doing, perform } from '../pair/act.js';
import { barrierOf, barrierText, reachBarrier } from '../pair/barrier.js';
import { channelsOf } from '../pair/channels.js';
import type { Server } from '../pair/server.js';
import type { Observe } from '../util/observe.js';
import { ownPosition } from '../pair/position.js';
import { waitFor } from '../util/wait.js';
import { within } from '../util/within.js';
import { closing, orReopen, type Closing, type OpenState } from './closing.js';
import { endXa } from './preparedXa.js';
import { receivedBy, type Received } from './relayLogs.js';

export interface HandOverOptions<T> {
  before: OpenState;
  /** A run that was killed may have closed the source already. */
  isBegun: boolean;
  /** Seconds for which nobody may write. */
  maxPause: number;
  signal: AbortSignal;
  observe: Observe;
  dryRun: boolean;
  /** Called when the replica has everything: once it has settled there is no way back. */
  settle: (taken: Taken) => Promise<T>;
}

/** What a replica has of its source, and where it will go on from. */
export interface Taken {
  received: Received;
  /** Of its own binary log; null where it writes none. */
  opensAt: BinlogPosition | null;
}

/** The source has been closed, and the replica has all of it. */
export interface HandedOver<T> {
  value: T;
  /** When the source was closed, of `performance.now()`. */
  closedAt: number;
  /** Lets go of what keeps privileged accounts from writing to the old source, see {@link Closing}. */
  release: Closing['release'];
}

/** Seconds beyond `maxPause` after which a replica that answers nothing is not waited for any longer. */
const grace = 2;
/** Seconds that a receiver which has just begun may take to connect. */
const connects = 5;

/**
 * Closes the source for writes, waits until the replica has everything, and settles it. When that fails, or takes
 * longer than `maxPause`, the source takes writes again. Throws `refused`, before the source is closed, when the
 * replica gets nothing of it.
 */
export async function handOver<T>(
  source: Server,
  replica: Server,
  channel: ChannelStatus,
  { before, isBegun, maxPause, signal, observe, dryRun, settle }: HandOverOptions<T>,
): Promise<HandedOver<T>> {
  const closed = closing(source, { before, seconds: maxPause, isBegun });
  const how = { observe, dryRun };
  return await orReopen(source, closed, async () => {
    await refuseCutOff(replica, channel);
    const begun = performance.now();
    const left = () => Math.max(0, maxPause - (performance.now() - begun) / 1000);
    await observe({ type: 'step', step: 'close' });
    await perform(closed.acts, how);
    await endXa(source, how);
    await observe({ type: 'step', step: 'apply' });
    const barrier = await barrierOf(source);
    // It may hang on a network that has gone, and nobody can write meanwhile.
    const taken = await within(left() + grace, async (late) => {
      const ends = AbortSignal.any([signal, closed.lost, late]);
      const says = `-- wait until it has reached ${barrierText(barrier)}`;
      const reach = doing(replica, says, async () => {
        await reachBarrier(replica, barrier, { within: left(), signal: ends, observe });
      });
      await perform([reach], how);
      const now = (await channelsOf(replica)).find(({ name }) => name === channel.name) ?? channel;
      const received = await receivedBy(replica, now, new Date());
      return { received, opensAt: await ownPosition(replica) };
    }).catch((error: unknown) => {
      throw held(replica, maxPause, left() === 0, error);
    });
    AbortSignal.any([signal, closed.lost]).throwIfAborted();
    return { value: await settle(taken), closedAt: begun, release: closed.release };
  });
}

async function refuseCutOff(replica: Server, { name }: ChannelStatus): Promise<void> {
  let error = '';
  const connected = await waitFor(
    async () => {
      const channel = (await channelsOf(replica)).find((other) => other.name === name);
      error = channel?.receiverError ?? '';
      if (channel?.receiver === 'running') return true;
      return channel?.receiver === 'connecting' && error === '' ? null : false;
    },
    { within: connects },
  );
  if (connected) return;
  throw new StillpointError(
    'refused',
    `the ${replica.who} is not connected to its source: it would not get the last writes${error === '' ? '' : `: ${error}`}`,
    { hint: 'The source takes writes as before. See why with `stillpoint status`, and mend that.' },
  );
}

function held(replica: Server, maxPause: number, isOver: boolean, error: unknown): unknown {
  const isRefused = error instanceof StillpointError && error.code === 'refused';
  // A signal has a word of its own.
  if (!isRefused && (!isOver || error instanceof StillpointError)) return error;
  const message = isRefused
    ? error.message
    : `the ${replica.who} does not answer: ${reasonOf(error)}`;
  return new StillpointError('refused', message, {
    hint: `The source takes writes again, nothing was promoted. Try when the ${replica.who} is not behind, or raise failover.maxPause (${maxPause} s).`,
    cause: error,
  });
}
