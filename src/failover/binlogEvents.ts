import type { BinlogPosition, Row } from '../dialect/dialect.js';
import { literal } from '../dialect/quote.js';
import { number } from '../dialect/rows.js';
import type { Server } from '../pair/server.js';

/** Events that are asked for at a time. */
const page = 10_000;

/** Where the first event of a kind begins in the rest of one binary log; null where there is none. */
export async function firstEvent(
  server: Server,
  { file, position }: BinlogPosition,
  isWanted: (event: Row) => boolean,
): Promise<BinlogPosition | null> {
  for (let from = position; ;) {
    const events = await server.query(
      `SHOW BINLOG EVENTS IN ${literal(file)} FROM ${from} LIMIT ${page}`,
    );
    const found = events.find(isWanted);
    if (found) return { file, position: number(found, 'Pos') ?? from };
    if (events.length < page) return null;
    from = number(events.at(-1) ?? {}, 'End_log_pos') ?? from;
  }
}
