import { StillpointError } from '../errors.js';
import { channelsOf, channelTitle } from '../pair/channels.js';
import type { Server } from '../pair/server.js';
import type { Lease } from './lease.js';

/** Seconds a STOP may wait for a long statement or a lock before the run gives up. */
const patience = 60;

/**
 * Stops the applier of each channel under the lease, and sees it stopped without an error. Throws when
 * a statement of the applier does not end, or on `signal`: the STOP may then stand on the server, or
 * be on its way to it, and whoever resumes must wait for it (see resumeChannels).
 */
export async function stopAppliers(
  replica: Server,
  lease: Lease,
  channels: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (!(await lease.begin(patience, signal))) throw await doesNotStop(replica);
  const found = await channelsOf(replica);
  // Running: someone started it. An error: a group on tables without transactions that did not end
  // within a minute is left half applied.
  const broken = found.find(
    ({ name, applierRunning, applierErrno }) =>
      channels.includes(name) && (applierRunning || applierErrno !== 0),
  );
  if (!broken) return;
  const why = broken.applierRunning
    ? 'was started by someone right after it had stopped'
    : `stopped with error ${broken.applierErrno}: ${broken.applierError}`;
  throw new StillpointError('failed', `${channelTitle(broken)} ${why}`, {
    hint: 'Mend the replication first; `stillpoint status` shows it.',
  });
}

async function doesNotStop(replica: Server): Promise<StillpointError> {
  const rows = await replica.query<{
    Id: number;
    User: string;
    State: string | null;
    Time: number;
  }>('SHOW PROCESSLIST', 30);
  const applier = rows.find(
    (row) => row.User === 'system user' && /lock|alter|copy|end of/i.test(row.State ?? ''),
  );
  const doing = applier ? `; it is in state "${applier.State ?? ''}"` : '';
  return new StillpointError(
    'failed',
    `the SQL thread of the ${replica.who} does not stop within ${patience} s${doing}`,
    { hint: 'SHOW PROCESSLIST on the replica names the statement or the lock it waits for.' },
  );
}
