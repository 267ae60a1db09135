import type { BackupRecord } from '../catalog/records.js';
import type { BinlogPosition } from '../dialect/dialect.js';
import { text } from '../dialect/rows.js';
import { gtidStateOf } from '../pair/position.js';
import type { Server } from '../pair/server.js';

/**
 * Why a server that has nothing of its own cannot go on from its new source, as a clause for people; null where
 * it can. `opensAt` is where the binary log of that one stood when it had just what the server has.
 */
export async function whyNotFollowed(
  server: Server,
  source: Server,
  opensAt: BinlogPosition | null,
): Promise<string | null> {
  const [held, written] = await Promise.all([gtidStateOf(server), gtidStateOf(source)]);
  if (held.held !== null && written.written !== null) {
    const ask = async (sql: string) => await source.query(sql);
    const why = await source.dialect.whyNotFrom(ask, held.held);
    return why === '' ? null : `the ${source.who} cannot feed it: ${why}`;
  }
  if (opensAt === null)
    return 'there are no GTIDs, and no promotion on record tells where to begin';
  const logs = await source.query('SHOW BINARY LOGS');
  const isThere = logs.some((row) => text(row, 'Log_name') === opensAt.file);
  return isThere ? null : `binary log ${opensAt.file} of the ${source.who} is gone`;
}

/**
 * Why a server that was restored from a backup could not go on from this source, as a clause for people;
 * null where it can. A file and a position are those of one server only, which has to be this one.
 */
export async function whyNotContinued(
  source: Server,
  { gtid, channels }: BackupRecord['coordinates'],
): Promise<string | null> {
  if (gtid !== null) {
    const why = await source.dialect.whyNotFrom(async (sql) => await source.query(sql), gtid);
    return why === '' ? null : why;
  }
  const [channel, ...others] = channels;
  if (!channel || others.length > 0) return 'it was taken from a replica with several sources';
  const { host, port } = source.settings;
  if (channel.host !== host || channel.port !== port)
    return `its coordinates are of ${channel.host}:${channel.port}, and there are no GTIDs`;
  const logs = await source.query('SHOW BINARY LOGS');
  const isThere = logs.some((row) => text(row, 'Log_name') === channel.source.file);
  return isThere ? null : `its binary log ${channel.source.file} is gone`;
}
