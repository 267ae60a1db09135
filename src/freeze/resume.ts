import type { Row } from '../dialect/dialect.js';
import { reasonOf, StillpointError } from '../errors.js';
import { channelsOf, channelTitle } from '../pair/channels.js';
import { kill, type Server } from '../pair/server.js';
import { errno, isBroken } from '../pair/session.js';
import { waitFor } from '../util/wait.js';
import { isLease } from './lease.js';

/** A channel as it ran before the freeze. */
export interface RunningChannel {
  name: string;
  /** Whether its I/O thread ran too: a server that restarted with skip_replica_start needs both. */
  receiver: boolean;
}

/** Seconds for which a replica that does not answer, or does not start, is tried again. */
const patience = 300;

/**
 * Starts the applier of each channel and sees it running; tries again on fresh connections while the
 * server is away. A STOP of ours that still waits for a long statement, or has not come to the server
 * yet, takes effect after a START, so it counts as resumed only once no such STOP is left, and the
 * session `stopper`, which one was sent through, sleeps as a lease or has ended. Throws `not-resumed`
 * when a person must act.
 */
export async function resumeChannels(
  replica: Server,
  channels: readonly RunningChannel[],
  stopper?: number,
  within = patience,
): Promise<void> {
  let reason = 'it does not start';
  const done = await waitFor(
    async () => {
      try {
        return await tryResume(replica, channels, stopper);
      } catch (error) {
        if (error instanceof StillpointError && error.code === 'not-resumed') throw error;
        if (!passes(error)) throw stuck(replica, channels, reasonOf(error), error);
        reason = reasonOf(error);
        return null;
      }
    },
    { within, every: 20 },
  );
  if (!done) throw stuck(replica, channels, reason);
}

/** Shutting down, interrupted query, aborted connection. */
const passing = new Set([1053, 1317, 1927, 3168, 1129, 1040]);

/** Whether an error of a server that is away passes by itself. */
export function passes(error: unknown): boolean {
  return error instanceof StillpointError || isBroken(error) || passing.has(errno(error));
}

async function tryResume(
  replica: Server,
  wanted: readonly RunningChannel[],
  stopper: number | undefined,
): Promise<true | null> {
  const { dialect } = replica;
  const pendingStop = await hasPendingStop(replica, stopper);
  const found = await channelsOf(replica);
  let running = true;
  for (const { name, receiver } of wanted) {
    const channel = found.find((other) => other.name === name);
    if (!channel) throw stuck(replica, wanted, `channel "${name}" is gone`);
    if (channel.applierRunning) continue;
    running = false;
    if (channel.applierErrno !== 0) {
      throw stuck(
        replica,
        wanted,
        `it stopped with error ${channel.applierErrno}: ${channel.applierError}`,
      );
    }
    const both = receiver && channel.receiver === 'stopped';
    await replica.query(both ? dialect.startReplica(name) : dialect.startApplier(name));
  }
  return running && !pendingStop ? true : null;
}

/** Ends an idle `stopper`: what it was sent, and has not read, is lost with it. */
async function hasPendingStop(replica: Server, stopper: number | undefined): Promise<boolean> {
  const rows = await replica.query<Process>('SHOW PROCESSLIST', 30);
  const own = rows.filter((row) => row.User === replica.settings.user);
  const sender = own.find((row) => row.Id === stopper);
  if (sender?.Command === 'Sleep') await kill(replica, sender.Id);
  const isStop = (row: Process) => /^\s*STOP\s+(SLAVE|REPLICA)/i.test(row.Info ?? '');
  return (sender !== undefined && !isLease(sender.Info)) || own.some(isStop);
}

interface Process extends Row {
  Id: number;
  User: string;
  Command: string;
  Info: string | null;
}

function stuck(
  replica: Server,
  channels: readonly RunningChannel[],
  reason: string,
  cause?: unknown,
): StillpointError {
  const names = channels.map(channelTitle).join(', ');
  const starts = channels.map(({ name }) => `${replica.dialect.startApplier(name)};`).join(' ');
  return new StillpointError(
    'not-resumed',
    `could not resume ${names} on the ${replica.who}: ${reason}`,
    {
      hint: `Mend the cause, then run \`stillpoint resume\`, or on the replica: ${starts}`,
      cause,
    },
  );
}
