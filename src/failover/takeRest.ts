import type { ChannelStatus } from '../dialect/dialect.js';
import { text } from '../dialect/rows.js';
import { doing, perform, statement } from '../pair/act.js';
import { channelsOf } from '../pair/channels.js';
import type { Server } from '../pair/server.js';
import type { Observe } from '../util/observe.js';
import { applyReceived, receivedBy, type Received } from './relayLogs.js';

export interface TakeRestOptions {
  /** Seconds that applying the relay logs may take. */
  within: number;
  signal: AbortSignal;
  observe: Observe;
  dryRun: boolean;
}

/**
 * Takes what a replica has received of a source that is gone: nothing more comes in, and all that did is
 * applied.
 */
export async function takeRest(
  replica: Server,
  channel: ChannelStatus,
  { within, signal, observe, dryRun }: TakeRestOptions,
): Promise<Received> {
  const { dialect } = replica;
  const { name } = channel;
  const contact = await lastContact(replica, name);
  await observe({ type: 'step', step: 'apply' });
  const apply = doing(replica, '-- wait until it has applied its relay logs', async () => {
    await applyReceived(replica, name, { within, signal, observe });
  });
  const acts = [statement(replica, dialect.stopReceiver(name)), apply];
  await perform(acts, { observe, dryRun });
  const now = (await channelsOf(replica)).find((other) => other.name === name) ?? channel;
  return await receivedBy(replica, now, contact);
}

/**
 * When the source was last heard of. MySQL keeps the time of its heartbeats. MariaDB 10.11 counts them only, see
 * `lastWritten`.
 */
async function lastContact(replica: Server, channel: string): Promise<Date | null> {
  if (replica.dialect.version.flavour !== 'mysql') return null;
  const rows = await replica.query(
    "SELECT CHANNEL_NAME AS name, DATE_FORMAT(GREATEST(LAST_HEARTBEAT_TIMESTAMP, LAST_QUEUED_TRANSACTION_END_QUEUE_TIMESTAMP), '%Y-%m-%dT%H:%i:%s.000Z') AS at FROM performance_schema.replication_connection_status",
  );
  const at = text(rows.find((row) => text(row, 'name') === channel) ?? {}, 'at');
  return at === '' || at.startsWith('0000') ? null : new Date(at);
}
