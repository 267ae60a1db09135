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
