import { heartbeat } from '../pair/heartbeat.js';
import type { Server } from '../pair/server.js';
import { StillpointError, reasonOf } from '../errors.js';

/** Seconds to wait for statements that are writing or reading when the lock is asked for. */
const patience = 30;
/** Seconds in which it answers that it has let go, if it is there. */
const lettingGo = 10;

/**
 * Runs `body` under FLUSH TABLES WITH READ LOCK when `wanted`, in a session that the server drops when
 * it no longer hears from us. The appliers must be stopped before: a lock taken while they run can
 * deadlock, and a STOP under the lock never returns (MySQL bug 87489, error 1192). The signal fires
 * when the lock is lost.
 */
export async function withReadLock<T>(
  replica: Server,
  wanted: boolean,
  signal: AbortSignal,
  body: (lost: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  if (!wanted) return await body(lost.signal);
  const session = await replica.session();
  const beat = heartbeat(session);
  try {
    await session.query(`SET SESSION wait_timeout = 60, lock_wait_timeout = ${patience}`);
    signal.throwIfAborted();
    await session.query('FLUSH TABLES WITH READ LOCK', patience * 2).catch((error: unknown) => {
      throw new StillpointError(
        'failed',
        `cannot lock the tables of the ${replica.who}: ${reasonOf(error)}`,
        { hint: 'A long statement holds a table; SHOW PROCESSLIST names it.', cause: error },
      );
    });
    void session.gone.then(() => {
      lost.abort(new StillpointError('failed', `lost the read lock on the ${replica.who}`));
    });
    return await body(lost.signal);
  } finally {
    beat.end();
    await session.query('UNLOCK TABLES', lettingGo).catch(() => undefined);
    session.destroy();
  }
}
