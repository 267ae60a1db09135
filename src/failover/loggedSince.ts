import type { BinlogPosition } from '../dialect/dialect.js';
import { number, text } from '../dialect/rows.js';
import { isPast } from '../pair/barrier.js';
import type { Server } from '../pair/server.js';
import { firstEvent } from './binlogEvents.js';

/** Events that a server writes into its binary log though nobody has changed anything. */
const idle = new Set([
  'Format_desc',
  'Previous_gtids',
  'Gtid_list',
  'Binlog_checkpoint',
  'Start_encryption',
  'Rotate',
  'Stop',
]);

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
    const begin = file === from.file ? from : { file, position: 4 };
    const first = await firstEvent(server, begin, (event) => !idle.has(text(event, 'Event_type')));
    if (first) return { kind: 'transactions', first };
  }
  return { kind: 'nothing' };
}
