import type { BinlogPosition } from '../dialect/dialect.js';
import { literal } from '../dialect/quote.js';
import { number, text } from '../dialect/rows.js';
import { isPast } from '../pair/barrier.js';
import type { Server } from '../pair/server.js';

/** Events that a server writes into its binary log without that anybody has changed anything. */
const idle = new Set([
  'Format_desc',
  'Previous_gtids',
  'Gtid_list',
  'Binlog_checkpoint',
  'Start_encryption',
  'Rotate',
  'Stop',
]);
const pageSize = 100;

/** What a server's binary log holds from a point on. */
export type LoggedSince =
  | { kind: 'nothing' }
  /** Transactions; the first begins at `first`. */
  | { kind: 'transactions'; first: BinlogPosition }
  /** The point is not in its binary log (any more): why, as a clause for people. */
  | { kind: 'unknown'; why: string };

/** Looks whether a server has logged any transaction from a point of its binary log on. */
export async function loggedSince(server: Server, from: BinlogPosition): Promise<LoggedSince> {
  const files = (await server.query('SHOW BINARY LOGS')).map((row) => ({
    file: text(row, 'Log_name'),
    position: number(row, 'File_size') ?? 0,
  }));
  const begun = files.find(({ file }) => file === from.file);
  if (!begun) return { kind: 'unknown', why: `its binary log ${from.file} is gone` };
  if (begun.position < from.position)
    return { kind: 'unknown', why: `its binary log ${from.file} has lost its end` };
  const later = files.filter(({ file }) => isPast({ file, position: 0 }, { ...from, position: 0 }));
  for (const { file } of later) {
    const first = await firstOf(server, file === from.file ? from : { file, position: 4 });
    if (first) return { kind: 'transactions', first };
  }
  return { kind: 'nothing' };
}

/** Where the first transaction begins in the rest of one file. */
async function firstOf(server: Server, from: BinlogPosition): Promise<BinlogPosition | null> {
  const { file } = from;
  let { position } = from;
  for (;;) {
    const rows = await server.query(
      `SHOW BINLOG EVENTS IN ${literal(file)} FROM ${position} LIMIT ${pageSize}`,
    );
    const found = rows.find((row) => !idle.has(text(row, 'Event_type')));
    if (found) return { file, position: number(found, 'Pos') ?? 0 };
    const last = rows.at(-1);
    if (!last || rows.length < pageSize) return null;
    position = number(last, 'End_log_pos') ?? position;
  }
}
