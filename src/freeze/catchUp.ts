import type { ChannelStatus } from '../dialect/dialect.js';
import { channelsOf } from '../pair/channels.js';
import { worstLag } from '../pair/lag.js';
import type { Server } from '../pair/server.js';
import type { Observe } from '../util/observe.js';
import { waitFor } from '../util/wait.js';

/** Seconds of lag, beyond a configured delay, at which a replica counts as caught up. */
const near = 1;

/** Watches the lag fall after a freeze. Answers whether it did within `within` seconds. */
export async function watchCatchUp(
  replica: Server,
  options: { within: number; observe: Observe; signal: AbortSignal },
): Promise<boolean> {
  const done = await waitFor(
    async () => {
      const channels = await channelsOf(replica);
      // It does not tell then, and nothing comes that there would be to catch up with.
      if (channels.some(hasLostSource)) return false;
      const worst = worstLag(channels);
      await options.observe({ type: 'lag', seconds: worst });
      return worst !== null && worst <= near ? true : null;
    },
    { within: options.within, every: 250, signal: options.signal },
  );
  return done === true;
}

function hasLostSource({ receiver, receiverErrno }: ChannelStatus): boolean {
  return receiver === 'stopped' || (receiver === 'connecting' && receiverErrno !== 0);
}
