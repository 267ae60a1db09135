import type { ChannelStatus } from '../dialect/dialect.js';
import { StillpointError } from '../errors.js';
import { doing, perform } from '../pair/act.js';
import { barrierOf, barrierText, reachBarrier } from '../pair/barrier.js';
import { channelsOf } from '../pair/channels.js';
import type { Server } from '../pair/server.js';
import type { Observe } from '../util/observe.js';
import type { Promotion } from '../catalog/promotions.js';
import { closing, orReopen, type OpenState } from './closing.js';
import { receivedBy } from './relayLogs.js';

export interface HandOverOptions<T> {
  before: OpenState;
  /** Seconds for which nobody may write. */
  maxPause: number;
  signal: AbortSignal;
  observe: Observe;
  dryRun: boolean;
  /** Called when the replica has everything: once it has settled there is no way back. */
  settle: (received: Promotion['received']) => Promise<T>;
}

/** The source has been closed, and the replica has all of it. */
export interface HandedOver<T> {
  value: T;
  /** When the source was closed, of `performance.now()`. */
  closedAt: number;
  /** Lets go of what keeps privileged accounts from writing to the old source. */
  release: () => void;
}

/**
 * Closes the source for writes, waits until the replica has everything, and settles it. When that fails, or takes
 * longer than `maxPause`, the source takes writes again.
 */
export async function handOver<T>(
  source: Server,
  replica: Server,
  channel: ChannelStatus,
  { before, maxPause, signal, observe, dryRun, settle }: HandOverOptions<T>,
): Promise<HandedOver<T>> {
  const closed = closing(source, before, maxPause);
  const how = { observe, dryRun };
  const begun = performance.now();
  return await orReopen(source, closed, async () => {
    await observe({ type: 'step', step: 'close' });
    await perform(closed.acts, how);
    await observe({ type: 'step', step: 'apply' });
    const barrier = await barrierOf(source);
    const reach = doing(
      replica,
      `-- wait until it has reached ${barrierText(barrier)}`,
      async () => {
        const within = Math.max(0, maxPause - (performance.now() - begun) / 1000);
        await reachBarrier(replica, barrier, { within, signal, observe }).catch(
          (error: unknown) => {
            throw held(replica, maxPause, error);
          },
        );
      },
    );
    await perform([reach], how);
    const now = (await channelsOf(replica)).find(({ name }) => name === channel.name) ?? channel;
    const value = await settle(await receivedBy(replica, now, new Date()));
    return { value, closedAt: begun, release: closed.release };
  });
}

function held(replica: Server, maxPause: number, error: unknown): unknown {
  if (!(error instanceof StillpointError) || error.code !== 'refused') return error;
  return new StillpointError('refused', error.message, {
    hint: `The source takes writes again, nothing was promoted. Try when the ${replica.who} is not behind, or raise failover.maxPause (${maxPause} s).`,
    cause: error,
  });
}
