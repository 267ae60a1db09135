import { setTimeout as sleep } from 'node:timers/promises';
import { heartbeat } from '../pair/heartbeat.js';
import type { Server } from '../pair/server.js';
import { errno, type Session } from '../pair/session.js';
import { StillpointError, reasonOf } from '../errors.js';

/** How long to wait for statements that are writing or reading when the lock is asked for: nobody writes meanwhile. */
export interface Patience {
  /** Seconds. */
  each: number;
  /** How often; everybody goes on for as many seconds in between. */
  tries: number;
}

const onReplica: Patience = { each: 30, tries: 1 };
/** Where an application writes. */
export const onSource: Patience = { each: 3, tries: 8 };
/** Seconds beyond its own in which the server says that it has waited too long. */
const grace = 5;
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
  patience = onReplica,
): Promise<T> {
  const lost = new AbortController();
  if (!wanted) return await body(lost.signal);
  const session = await replica.session();
  const beat = heartbeat(session);
  try {
    await session.query(`SET SESSION wait_timeout = 60, lock_wait_timeout = ${patience.each}`);
    await lock(session, patience, signal).catch((error: unknown) => {
      signal.throwIfAborted();
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

async function lock(
  session: Session,
  { each, tries }: Patience,
  signal: AbortSignal,
): Promise<void> {
  for (let left = tries - 1; ; left -= 1) {
    signal.throwIfAborted();
    try {
      // It waits for three locks, each for so long.
      await session.query('FLUSH TABLES WITH READ LOCK', each * 3 + grace);
      return;
    } catch (error) {
      // ER_LOCK_WAIT_TIMEOUT
      if (left === 0 || errno(error) !== 1205) throw error;
      await sleep(each * 1000, undefined, { signal });
    }
  }
}
