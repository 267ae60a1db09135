import { StillpointError } from '../errors.js';
import { channelsOf, channelTitle } from '../pair/channels.js';
import type { Server } from '../pair/server.js';
import { errno } from '../pair/session.js';
import { waitFor } from '../util/wait.js';

/** Seconds a STOP may wait for a long statement or a lock before the run gives up. */
const patience = 60;

/**
 * Stops the applier of each channel and sees it stopped without an error. Throws when a statement of
 * the applier does not end: the STOP then still stands on the server, and whoever resumes must wait
 * for it (see resumeChannels).
 */
export async function stopAppliers(
  replica: Server,
  channels: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const session = await replica.session();
  try {
    let failure: unknown = null;
    const stops = (async () => {
      for (const name of channels) await session.query(replica.dialect.stopApplier(name), Infinity);
    })().catch((error: unknown) => {
      failure = error;
    });
    const stopped = await waitFor(
      async () => {
        if (failure !== null) throw stopError(replica, failure);
        const found = await channelsOf(replica);
        const wanted = found.filter((channel) => channels.includes(channel.name));
        return wanted.some((channel) => channel.applierRunning) ? null : wanted;
      },
      { within: patience, every: 20, signal },
    );
    if (!stopped) throw await doesNotStop(replica);
    await stops;
    // A group on non-transactional tables that did not end within a minute is left half applied.
    const broken = stopped.find((channel) => channel.applierErrno !== 0);
    if (broken) {
      throw new StillpointError(
        'failed',
        `${channelTitle(broken)} stopped with error ${broken.applierErrno}: ${broken.applierError}`,
        { hint: 'Mend the replication first; `stillpoint status` shows it.' },
      );
    }
  } finally {
    session.destroy();
  }
}

/** 3857: a backup lock of someone else. */
function stopError(replica: Server, error: unknown): unknown {
  if (errno(error) !== 3857) return error;
  return new StillpointError(
    'refused',
    `another tool holds the backup lock on the ${replica.who}`,
    {
      hint: 'Wait for the other backup (XtraBackup, CLONE, mydumper) to end.',
      cause: error,
    },
  );
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
