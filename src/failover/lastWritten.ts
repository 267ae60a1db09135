import type { BinlogPosition } from '../dialect/dialect.js';
import { findMysqlbinlog } from '../dump/tools.js';
import type { Server } from '../pair/server.js';
import { clientEnv, output } from '../util/command.js';
import { withOptionFile } from '../pair/optionFile.js';

export interface LastWrittenOptions {
  /** What was applied of the old source. */
  gtid: string | null;
  /** Where the server's own binary log stood then; null when it writes none. */
  at: BinlogPosition | null;
  /** The program, if it is configured. */
  mysqlbinlog: string | undefined;
}

/**
 * When the newest event that a MariaDB has of its old source was written, by the clock of that one: it was alive
 * then, and may have been later. Until 11.6 no status tells when a source was last heard of, but a server that
 * logs what it replicates keeps the times of the source. Null where that is not to be found soon.
 */
export async function lastWritten(
  server: Server,
  { gtid, at, mysqlbinlog }: LastWrittenOptions,
): Promise<Date | null> {
  const { flavour } = server.dialect.version;
  if (flavour !== 'mariadb' || gtid === null || at === null) return null;
  try {
    const file = await findMysqlbinlog(flavour, mysqlbinlog);
    const said = await withOptionFile(server, async (optionFile) => {
      const args = [
        `--defaults-file=${optionFile}`,
        '--read-from-remote-server',
        `--start-position=${before(gtid)}`,
        `--stop-position=${gtid}`,
        at.file,
      ];
      const env = { ...clientEnv, PATH: process.env['PATH'], TZ: 'UTC' };
      return await output({ file, args, env });
    });
    return newestOf(said, gtid);
  } catch {
    return null;
  }
}

/** Each number less one. */
function before(gtids: string): string {
  return gtids.replaceAll(/(\d+)(?=,|$)/g, (number) => String(BigInt(number) - 1n));
}

/** `#261127 19:58:28 server id 1  end_log_pos 821 CRC32 0xf39d4d8b 	GTID 0-1-8 trans`. */
const header = /^#(\d\d)(\d\d)(\d\d) +(\d+):(\d\d):(\d\d) server id .*\tGTID ([\d-]+)/gm;

function newestOf(said: string, gtids: string): Date | null {
  const wanted = gtids.split(',');
  const times = [...said.matchAll(header)].flatMap(
    ([, year, month, day, hour, minute, second, gtid = '']) => {
      const at = Date.UTC(
        2000 + Number(year),
        Number(month) - 1,
        Number(day),
        Number(hour),
        Number(minute),
        Number(second),
      );
      return wanted.includes(gtid) ? [at] : [];
    },
  );
  return times.length === 0 ? null : new Date(Math.max(...times));
}
