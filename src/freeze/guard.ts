import { reasonOf, StillpointError } from '../errors.js';
import { heartbeat } from '../pair/heartbeat.js';
import type { Server } from '../pair/server.js';
import { errno } from '../pair/session.js';

/** Seconds to wait for a definition that is being changed. */
const patience = 30;
/** The same once dumps are open: such a change may itself wait for one of them. */
const briefPatience = 3;
/** Seconds in which it answers that it has let go, if it is there. */
const lettingGo = 10;

/** Holds back whatever changes definitions, also from the source, and lets rows be changed. */
export interface DdlGuard {
  /** Fires when it was lost. */
  readonly lost: AbortSignal;
  /** Call it when the appliers run again. False: a definition may have changed in between. */
  complete(): Promise<boolean>;
  /** Throws unless it was held all the time until now. */
  check(): Promise<void>;
  release(): Promise<void>;
}

export interface GuardOptions {
  /** The server is under a read lock and has no appliers: nothing can change, so the lock is made complete at once. */
  underReadLock?: boolean;
}

/**
 * Takes the server's backup lock in a session of its own, which the server drops when it no longer hears
 * from us. The appliers must stand still: a STOP under this lock ends with error 3857 on MySQL.
 */
export async function openGuard(
  replica: Server,
  { underReadLock = false }: GuardOptions = {},
): Promise<DdlGuard> {
  const { ddlGuard } = replica.dialect;
  if (ddlGuard === null) throw new Error('this server has no backup lock');
  const isWhole = underReadLock || ddlGuard.complete.length === 0;
  const take = underReadLock ? [...ddlGuard.take, ...ddlGuard.complete] : ddlGuard.take;
  const session = await replica.session();
  const lost = new AbortController();
  const beat = heartbeat(session);
  let released = false;
  void session.gone.then(() => {
    if (!released) lost.abort(lostLock(replica));
  });
  const release = async () => {
    released = true;
    beat.end();
    // The session's end would do, but only once the server has seen it.
    await session.query(ddlGuard.release, lettingGo).catch(() => undefined);
    session.destroy();
  };
  const run = async (statements: readonly string[]) => {
    for (const statement of statements) {
      await session.query(statement, patience * 2).catch((error: unknown) => {
        lost.signal.throwIfAborted();
        throw notTaken(replica, error);
      });
    }
  };
  const changes = async () =>
    ddlGuard.changes === null ? '' : JSON.stringify(await replica.query(ddlGuard.changes));
  let before: string;
  try {
    await run([`SET SESSION wait_timeout = 60, lock_wait_timeout = ${patience}`, ...take]);
    before = await changes();
  } catch (error) {
    await release();
    throw error;
  }
  return {
    lost: lost.signal,
    release,
    async complete() {
      if (isWhole) return true;
      try {
        await run([`SET SESSION lock_wait_timeout = ${briefPatience}`, ...ddlGuard.complete]);
      } catch (error) {
        // ER_LOCK_WAIT_TIMEOUT: a definition is just being changed.
        if (error instanceof StillpointError && errno(error.cause) === 1205) return false;
        throw error;
      }
      return (await changes()) === before;
    },
    async check() {
      await session.query('DO 1').catch(() => lost.abort(lostLock(replica)));
      lost.signal.throwIfAborted();
    },
  };
}

function lostLock(replica: Server): StillpointError {
  return new StillpointError('failed', `lost the backup lock on the ${replica.who}`, {
    hint: 'Someone killed our connection, or the server restarted: definitions may have changed meanwhile.',
  });
}

function notTaken(replica: Server, cause: unknown): StillpointError {
  return new StillpointError(
    'failed',
    `cannot take the backup lock on the ${replica.who}: ${reasonOf(cause)}`,
    {
      hint: 'Another backup or a long ALTER TABLE holds it; SHOW PROCESSLIST names it.',
      cause,
    },
  );
}
