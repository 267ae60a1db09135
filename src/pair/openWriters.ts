import { text } from '../dialect/rows.js';
import { StillpointError } from '../errors.js';
import { waitFor } from '../util/wait.js';
import type { Server } from './server.js';

/** A transaction that has changed rows and is not committed yet. */
interface OpenWriter {
  transaction: string;
  /** Connection of the server. */
  session: string;
}

/** The open transactions of clients that have changed rows of InnoDB; those of appliers are not among them. */
export async function openWriters(server: Server): Promise<OpenWriter[]> {
  const rows = await server.query(
    'SELECT trx_id AS transaction, trx_mysql_thread_id AS session FROM information_schema.INNODB_TRX WHERE trx_rows_modified > 0',
  );
  if (rows.length === 0) return [];
  const processes = await server.query('SHOW PROCESSLIST', 30);
  const appliers = processes.filter((row) => text(row, 'User') === 'system user');
  const ids = new Set(appliers.map((row) => text(row, 'Id')));
  return rows
    .map((row) => ({ transaction: text(row, 'transaction'), session: text(row, 'session') }))
    .filter(({ session }) => !ids.has(session));
}

export interface WritersOptions {
  /** Seconds. */
  within: number;
  /** `present`: only those that are open now; later ones are not waited for. */
  which: 'present' | 'all';
  signal: AbortSignal;
}

/** Waits until the transactions that write have ended. Throws `refused` when they do not in time. */
export async function waitForWriters(
  server: Server,
  { within, which, signal }: WritersOptions,
): Promise<void> {
  let open = await openWriters(server);
  const present = new Set(open.map(({ transaction }) => transaction));
  const done = await waitFor(
    async () => {
      const found = await openWriters(server);
      open = found.filter(({ transaction }) => which === 'all' || present.has(transaction));
      return open.length === 0 ? true : null;
    },
    // MariaDB makes this list anew only for those who ask seldom.
    { within, every: 250, signal },
  );
  if (done) return;
  const who = open.map(({ session }) => session).join(', ');
  throw new StillpointError(
    'refused',
    `open transactions on the ${server.who} have not ended within ${within} s (connection ${who})`,
    { hint: 'It takes writes as before. Try again later, or wait longer with drain.within.' },
  );
}
