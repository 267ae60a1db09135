import type { BinlogPosition, GtidState } from '../dialect/dialect.js';
import { text } from '../dialect/rows.js';
import type { Server } from './server.js';

/** The GTIDs of a server. */
export async function gtidStateOf(server: Server): Promise<GtidState> {
  const [row] = await server.query(server.dialect.gtidState());
  return server.dialect.parseGtidState(row ?? {});
}

/** Every GTID in a server's data, in its own words, as {@link Dialect.historyBeyond} takes it. */
export async function historyOf(server: Server): Promise<string> {
  const [row] = await server.query(server.dialect.gtidHistory());
  return text(row ?? {}, 'history').replace(/\s/g, '');
}

/** Where a server's own binary log stands; null when it writes none. */
export async function ownPosition(server: Server): Promise<BinlogPosition | null> {
  const [row] = await server.query(server.dialect.binlogStatus());
  return row ? server.dialect.parseBinlogStatus(row) : null;
}
