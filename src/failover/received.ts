import type { ChannelStatus } from '../dialect/dialect.js';
import { isPast } from '../pair/barrier.js';
import { gtidStateOf } from '../pair/position.js';
import type { Server } from '../pair/server.js';

/** A replica with its channel from the source. */
export interface Receiver {
  server: Server;
  channel: ChannelStatus;
}

/**
 * What one replica of a source has received and another has not, as text for people; empty for nothing. By
 * GTIDs where both go by them, else by positions in the binary log of the source. What the one has written
 * itself does not count.
 */
export async function receivedBeyond(one: Receiver, other: Receiver): Promise<string> {
  if (one.channel.usesGtid && other.channel.usesGtid) {
    const [mine, theirs] = [await historyOf(one), await historyOf(other)];
    const ask = async (sql: string) => await one.server.query(sql);
    return await one.server.dialect.historyBeyond(ask, mine, theirs);
  }
  const [mine, theirs] = [one.channel.received, other.channel.received];
  if (mine.file === '' || isPast(theirs, mine)) return '';
  return `${theirs.file}:${theirs.position} to ${mine.file}:${mine.position}`;
}

async function historyOf({ server, channel }: Receiver): Promise<string> {
  const { applied } = await gtidStateOf(server);
  return server.dialect.receivedHistory([applied ?? '', channel.receivedGtid], server.uuid);
}
