import type { BinlogPosition, ChannelStatus } from '../dialect/dialect.js';
import { number, text } from '../dialect/rows.js';
import type { Server } from './server.js';
import { historyOf } from './position.js';
import { isFrom } from './following.js';
import type { ServerView } from './view.js';

/** What a source has that a replica has not applied. */
export interface Behind {
  /** Null where there are no GTIDs. */
  transactions: number | null;
  /** These, as text for people; empty for none, null where there are no GTIDs. */
  gtid: string | null;
  /** Bytes of the source's binary log; null where they cannot be told. */
  bytes: number | null;
}

/** A server that was looked at. */
export interface Seen {
  server: Server;
  view: ServerView;
}

/**
 * What a replica has not applied of what the source had when it was looked at, which must have been before
 * the replica was: else what is merely on its way would count.
 */
export async function behindOf(
  source: Seen,
  replica: Seen,
  channel: ChannelStatus,
): Promise<Behind> {
  const { dialect } = source.server;
  const ask = async (sql: string) => await source.server.query(sql);
  const hasGtids = source.view.gtid.written !== null && replica.view.gtid.applied !== null;
  const gtid = hasGtids
    ? await dialect.historyBeyond(ask, source.view.history, replica.view.history)
    : null;
  const bytes = await bytesBetween(source, channel.executed);
  const transactions = gtid === null ? null : dialect.countOf(gtid);
  return { transactions, gtid, bytes };
}

/** Bytes of a binary log from a position to where it stood; null when it no longer has that position. */
async function bytesBetween({ server, view }: Seen, from: BinlogPosition): Promise<number | null> {
  const { binlog } = view;
  if (binlog === null || from.file === '') return null;
  if (binlog.file === from.file) return Math.max(0, binlog.position - from.position);
  const rows = await server.query('SHOW BINARY LOGS');
  const files = rows.map((row) => ({
    file: text(row, 'Log_name'),
    size: number(row, 'File_size') ?? 0,
  }));
  const [first, last] = [from.file, binlog.file].map((name) =>
    files.findIndex(({ file }) => file === name),
  );
  if (first === undefined || last === undefined || first === -1 || last < first) return null;
  const whole = files.slice(first, last).reduce((sum, { size }) => sum + size, 0);
  return whole - from.position + binlog.position;
}

/**
 * Transactions that a replica has and its source has not: nothing brings them together again. Empty for
 * none, null where it cannot be told. The source is asked after the replica, so that nothing of it that
 * the replica has is missing there. What came by other channels belongs to their sources, so of a replica
 * that has some only its own writes count.
 */
export async function errantOf(
  source: Pick<Seen, 'server'> & { view: Pick<ServerView, 'serverId'> },
  replica: Seen,
): Promise<string | null> {
  const { dialect, uuid, settings } = source.server;
  const { channels, history, serverId } = replica.view;
  const from = { uuid, serverId: source.view.serverId, host: settings.host, port: settings.port };
  if (!channels.some((channel) => isFrom(channel, from)) || history.replace('|', '') === '')
    return null;
  const ask = async (sql: string) => await source.server.query(sql);
  const beyond = await dialect.historyBeyond(ask, history, await historyOf(source.server));
  if (channels.length === 1) return beyond;
  return dialect.ownOf(beyond, { uuid: replica.server.uuid, serverId });
}
