import type { ChannelStatus } from '../dialect/dialect.js';
import { number, text } from '../dialect/rows.js';
import { StillpointError } from '../errors.js';
import { channelsOf } from '../pair/channels.js';
import { perform, statement } from '../pair/act.js';
import type { Server } from '../pair/server.js';
import type { Observe } from '../util/observe.js';
import { waitFor } from '../util/wait.js';
import { isUnreached } from './reach.js';

/** Seconds in which a receiver sees that the other end of its connection has gone, and reads what is on its way. */
const notices = 5;
/** Seconds by which a heartbeat may be late. */
const late = 2;
/** The longest period of heartbeats, in seconds, for which one is waited; both servers have 30 by default. */
const longest = 60;
/** Seconds in which a receiver that starts has connected, if its source lives, or has failed to. */
const connects = 15;

/** What a client has of a server that is not reached. Any other error is the answer of one that is there. */
const unanswered = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'ETIMEDOUT', 'EPIPE', 'ENOENT'],
  ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'ENOTFOUND', 'EAI_AGAIN'],
  'PROTOCOL_CONNECTION_LOST',
]);

/** Whether the error of a connect is that of a server which does not answer at all. */
export function isUnanswered(error: unknown): boolean {
  const cause = error instanceof StillpointError ? error.cause : error;
  const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && unanswered.has(code);
}

/**
 * A replica's sign that its source lives, as a clause; null where that is silent for it too: its receiver has lost it
 * and does not find it again. One that believes to be connected is left alone as long as it receives anything, be it
 * a heartbeat; only one that does not is made to connect anew. One that somebody has stopped tells nothing, and
 * counts as silent, unless it was stopped by an answer.
 */
export async function signOfLife(
  replica: Server,
  name: string,
  { signal, observe }: { signal: AbortSignal; observe: Observe },
): Promise<string | null> {
  const follows = 'the replica still follows it';
  const state = await hears(replica, name, signal);
  if (state === 'hears') return follows;
  if (state === 'silent') {
    const { dialect } = replica;
    const restart = [dialect.stopReceiver(name), dialect.startReceiver(name)];
    const acts = restart.map((sql) => statement(replica, sql));
    await perform(acts, { observe, dryRun: false });
  }
  const verdict = await waitFor(
    async () => {
      const channel = await receiverOf(replica, name);
      if (channel?.receiver === 'running') return follows;
      const { receiverErrno = 0, receiverError = '' } = channel ?? {};
      if (receiverErrno !== 0 && !isUnreached(receiverErrno))
        return `it answers the replica: ${receiverError}`;
      return receiverErrno !== 0 || channel?.receiver !== 'connecting' ? '' : null;
    },
    { within: connects, signal },
  );
  return verdict === '' ? null : verdict;
}

/** Whether a receiver gets anything. `lost`: it has no connection. */
async function hears(
  replica: Server,
  name: string,
  signal: AbortSignal,
): Promise<'hears' | 'silent' | 'lost'> {
  const isLost = async () =>
    (await receiverOf(replica, name))?.receiver === 'running' ? null : 'lost';
  if (await waitFor(isLost, { within: notices, signal })) return 'lost';
  const before = await heardOf(replica, name);
  if (before.period === 0 || before.period > longest) return 'silent';
  const heard = await waitFor(
    async () => {
      const lost = await isLost();
      if (lost) return 'lost';
      return (await heardOf(replica, name)).all === before.all ? null : 'hears';
    },
    { within: before.period + late, every: 250, signal },
  );
  return heard ?? 'silent';
}

/** What a receiver has got, to be compared, and the seconds between two heartbeats; 0 where there are none. */
async function heardOf(replica: Server, name: string): Promise<{ all: string; period: number }> {
  const { dialect } = replica;
  const isMysql = dialect.version.flavour === 'mysql';
  const rows = await replica.query(
    isMysql
      ? 'SELECT s.CHANNEL_NAME AS Connection_name, s.COUNT_RECEIVED_HEARTBEATS AS Slave_received_heartbeats, c.HEARTBEAT_INTERVAL AS Slave_heartbeat_period FROM performance_schema.replication_connection_status AS s JOIN performance_schema.replication_connection_configuration AS c USING (CHANNEL_NAME)'
      : dialect.replicaStatus(),
  );
  const row = rows.find((one) => text(one, 'Connection_name') === name) ?? {};
  const { received } = (await receiverOf(replica, name)) ?? {};
  return {
    all: JSON.stringify([number(row, 'Slave_received_heartbeats'), received]),
    period: number(row, 'Slave_heartbeat_period') ?? 0,
  };
}

async function receiverOf(replica: Server, name: string): Promise<ChannelStatus | undefined> {
  return (await channelsOf(replica)).find((channel) => channel.name === name);
}
