import type { BinlogPosition } from '../dialect/dialect.js';
import { literal } from '../dialect/quote.js';
import { text } from '../dialect/rows.js';
import type { Server } from '../pair/server.js';
import { firstEvent } from './binlogEvents.js';

/** Numbers that one server gave in one domain: this one and higher ones. */
interface Stretch {
  domain: string;
  server: string;
  first: number;
}

/**
 * Where in the binary logs of a MariaDB the first transaction of a text of {@link Dialect.historyBeyond} begins,
 * and the one server that they are all from; null where that is not found, or they are of several.
 * mariadb-binlog finds a place by GTID too, but 10.11 then left out the logs after the first without a word.
 */
export async function beginOf(
  server: Server,
  beyond: string,
): Promise<{ from: BinlogPosition | null; serverId: string | null }> {
  const stretches = [...beyond.matchAll(/(\d+)-(\d+)-(\d+)(?: to \S+)?/g)].map(
    ([, domain = '', by = '', first]): Stretch => ({ domain, server: by, first: Number(first) }),
  );
  const [by, ...others] = new Set(stretches.map((one) => one.server));
  const file = await fileBefore(server, stretches);
  return {
    from: file === null ? null : await firstIn(server, file, stretches),
    serverId: others.length > 0 ? null : (by ?? null),
  };
}

/** The newest binary log that begins before all of them. */
async function fileBefore(server: Server, stretches: readonly Stretch[]): Promise<string | null> {
  const logs = (await server.query('SHOW BINARY LOGS')).map((row) => text(row, 'Log_name'));
  for (const file of logs.reverse()) {
    const [row] = await server.query(`SELECT BINLOG_GTID_POS(${literal(file)}, 4) AS state`);
    const state = text(row ?? {}, 'state').split(',');
    const last = new Map(state.map((gtid) => [gtid.split('-')[0], Number(gtid.split('-')[2])]));
    if (stretches.every(({ domain, first }) => (last.get(domain) ?? 0) < first)) return file;
  }
  return null;
}

async function firstIn(
  server: Server,
  file: string,
  stretches: readonly Stretch[],
): Promise<BinlogPosition | null> {
  const isOne = (info: string) => {
    const [, domain, by, at] = /\bGTID (\d+)-(\d+)-(\d+)/.exec(info) ?? [];
    return stretches.some(
      (one) => one.domain === domain && one.server === by && Number(at) >= one.first,
    );
  };
  return await firstEvent(
    server,
    { file, position: 4 },
    (event) => text(event, 'Event_type') === 'Gtid' && isOne(text(event, 'Info')),
  );
}
