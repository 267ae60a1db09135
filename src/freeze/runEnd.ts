import { StillpointError } from '../errors.js';
import { channelsOf } from '../pair/channels.js';
import type { Server } from '../pair/server.js';
import { waitFor } from '../util/wait.js';
import { sleepingLeases } from './lease.js';

/**
 * Waits until a run that was told to end has let go of the replica: every applier runs, and no lease is held.
 * Throws `refused` when it does not within `seconds`.
 */
export async function waitForRunEnd(replica: Server, seconds: number): Promise<void> {
  const done = await waitFor(
    async () => {
      const isHeld = (await sleepingLeases(replica)).length > 0;
      const channels = await channelsOf(replica);
      return channels.every(({ applierRunning }) => applierRunning) && !isHeld ? true : null;
    },
    { within: seconds, every: 250 },
  );
  if (done) return;
  throw new StillpointError(
    'refused',
    `the backup of the ${replica.who} has not ended within ${seconds} s`,
    { hint: 'Look at it with `stillpoint status`, and run the same command again.' },
  );
}
