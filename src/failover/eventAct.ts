import { literal } from '../dialect/quote.js';
import { text } from '../dialect/rows.js';
import { doing, type Act } from '../pair/act.js';
import type { Server } from '../pair/server.js';

/** An event that is turned on or off. */
export interface EventChange {
  /** `database.event`, for people. */
  name: string;
  sql: string;
  /** Of whoever wrote the event: its text is stored in this. */
  charset: string;
  collation: string;
}

/**
 * Turns an event on or off. ALTER EVENT writes down the character set of the session that it is run in and leaves
 * the text as it is, which is read in that from then on (MariaDB 10.11 and MySQL 9.7); the sql_mode and the time
 * zone stay those of the event. So the session has the event's, and the statement is sent in that too.
 */
export function eventAct(
  server: Server,
  { sql, charset, collation }: Omit<EventChange, 'name'>,
  { isLogged }: { isLogged: boolean },
): Act {
  const names = `SET character_set_client = ${charset}, collation_connection = ${collation}`;
  return doing(server, `${names}; ${sql}`, async () => {
    const [row] = await server.query(
      `SELECT HEX(CONVERT(${literal(sql)} USING ${charset})) AS bytes`,
    );
    const bytes = Buffer.from(text(row ?? {}, 'bytes'), 'hex');
    const session = await server.session({ bytes: true });
    try {
      if (!isLogged) await session.query('SET SESSION sql_log_bin = 0');
      await session.query(names);
      await session.query(bytes.toString('latin1'));
    } finally {
      session.destroy();
    }
  });
}
