import type { Server } from '../pair/server.js';
import type { Session } from '../pair/session.js';

/** As many connections, each prepared before it is used. */
export async function openSessions(
  replica: Server,
  count: number,
  prepare?: (session: Session) => Promise<unknown>,
): Promise<Session[]> {
  return await Promise.all(
    Array.from({ length: count }, async () => {
      const session = await replica.session();
      await prepare?.(session);
      return session;
    }),
  );
}

/** A snapshot of what the server holds now. It may have to wait for its turn as long as a dump takes. */
export async function openSnapshot(session: Session): Promise<void> {
  await session.query('SET SESSION wait_timeout = 604800');
  await session.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
}

/** Gives the work one of the sessions, which ends with the signal. There must be one for each that works at once. */
export async function withOne<T>(
  sessions: Session[],
  signal: AbortSignal,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = sessions.pop();
  if (!session) throw new Error('more work at once than there are sessions');
  const stop = () => session.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await work(session);
  } finally {
    signal.removeEventListener('abort', stop);
    sessions.push(session);
  }
}
