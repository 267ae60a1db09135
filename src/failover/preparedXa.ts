import { text } from '../dialect/rows.js';
import { StillpointError } from '../errors.js';
import { doing, perform } from '../pair/act.js';
import { kill, type Server } from '../pair/server.js';
import type { Observe } from '../util/observe.js';
import { waitFor } from '../util/wait.js';

/** Seconds in which a transaction manager that lives commits what it has prepared, and a client that was killed ends. */
const patience = 3;

/**
 * Throws `refused` while a source of MySQL holds prepared XA transactions: it commits them also when it is closed for
 * writes (9.7, `super_read_only`), so that they would be committed there and not on the server that took its place.
 * MariaDB (10.11) does not, and they can be committed at the new source, which has them as well.
 */
export async function refusePreparedXa(source: Server, within = patience): Promise<void> {
  if (!source.dialect.superReadOnly) return;
  const prepared = async () => (await source.query('XA RECOVER')).length;
  if (await waitFor(async () => ((await prepared()) === 0 ? true : null), { within })) return;
  throw new StillpointError(
    'refused',
    `the ${source.who} holds prepared XA transactions, which could be committed there after it was replaced`,
    {
      hint: 'Commit or roll back what XA RECOVER CONVERT XID; lists there, with XA COMMIT or XA ROLLBACK.',
    },
  );
}

/**
 * Cuts off every client of a closed source of MySQL that is in an XA transaction, and throws `refused` when one is
 * prepared: XA PREPARE, too, is taken from those who began before it was closed.
 */
export async function endXa(
  source: Server,
  how: { observe: Observe; dryRun: boolean },
): Promise<void> {
  if (!source.dialect.superReadOnly || how.dryRun) return;
  const clients = async () => (await source.query(inXa)).map((row) => Number(text(row, 'session')));
  const ending = (id: number) =>
    doing(source, `KILL CONNECTION ${id}`, async () => {
      await kill(source, id);
    });
  await perform((await clients()).map(ending), how);
  await waitFor(async () => ((await clients()).length === 0 ? true : null), { within: patience });
  await refusePreparedXa(source, 0);
}

const inXa =
  "SELECT PROCESSLIST_ID AS session FROM performance_schema.events_transactions_current JOIN performance_schema.threads USING (THREAD_ID) WHERE STATE = 'ACTIVE' AND XA_STATE IN ('ACTIVE', 'IDLE') AND PROCESSLIST_ID IS NOT NULL";
