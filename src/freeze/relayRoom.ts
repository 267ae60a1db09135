import { StillpointError } from '../errors.js';
import { channelsOf, channelTitle } from '../pair/channels.js';
import type { Server } from '../pair/server.js';

/** Milliseconds between two looks. */
const every = 1000;

/**
 * Watches the receivers while the appliers stand still: what they fetch piles up in the relay logs.
 * With `relay_log_space_limit` a receiver that has no room left waits, and the source with it (its
 * dump thread hangs in "Writing to net"), so the signal fires then. `end` stops the watch.
 */
export function watchRelayRoom(replica: Server): { full: AbortSignal; end(): void } {
  const full = new AbortController();
  const look = async (): Promise<void> => {
    const waiting = (await channelsOf(replica)).find(({ receiverState }) =>
      /free (enough )?relay log space/i.test(receiverState),
    );
    if (!waiting) return;
    const who = channelTitle(waiting).replace('SQL', 'I/O');
    full.abort(
      new StillpointError('failed', `${who} of the ${replica.who} has no room for relay logs`, {
        hint: 'The replica was resumed. Raise relay_log_space_limit, or pause it for less time (dump.parallel).',
      }),
    );
  };
  // MariaDB says "… enough relay log space". A look that fails says nothing about room; what broke it shows elsewhere.
  const timer = setInterval(() => void look().catch(() => undefined), every);
  return {
    full: full.signal,
    end() {
      clearInterval(timer);
    },
  };
}
