import type { BackupRecord } from '../catalog/records.js';
import { text } from '../dialect/rows.js';
import type { Server } from '../pair/server.js';

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
