import { text } from '../dialect/rows.js';
import { reasonOf, StillpointError } from '../errors.js';
import { waitFor } from '../util/wait.js';
import { statement, type Act } from './act.js';
import { kill, type Server } from './server.js';
import type { Session } from './session.js';

/** Seconds beyond those of its locks after which a statement is cut. */
const grace = 2;
/** Seconds for which a server that does not answer is asked whether a session is gone. */
const patience = 60;

/** Closes a server for writes, in at most so many seconds; see {@link lockedWithin}. */
export function closeAct(server: Server, seconds = 60): Act {
  const act = statement(server, server.dialect.closeForWrites());
  return { ...act, run: async (sql) => await closeWrites(server, sql, seconds) };
}

async function closeWrites(server: Server, sql: string, seconds: number): Promise<void> {
  const session = await server.session();
  try {
    await lockedWithin(server, session, sql, seconds);
  } finally {
    session.destroy();
  }
}

/**
 * Runs a statement that waits until nobody writes, for at most so many seconds. It may not outlive its client: one
 * that was only cut goes on waiting on the server (MySQL 9.7), and closes it hours later. So its locks have a time
 * of their own, and where that is over, or anything else goes wrong, its session is seen to be gone. Throws
 * `refused`, and says who keeps the server open.
 */
export async function lockedWithin(
  server: Server,
  session: Session,
  sql: string,
  seconds: number,
): Promise<void> {
  let holders: string[] = [];
  let isOver = false;
  const look = async () => {
    if (isOver) return true;
    const found = await holdersOf(server, session.id).catch(() => holders);
    if (found.length > 0) holders = found;
    return null;
  };
  // Before it gives up: afterwards others write again.
  const looking = waitFor(look, { within: seconds + grace, every: 500 }).catch(() => null);
  try {
    await session.query(`SET SESSION lock_wait_timeout = ${Math.max(1, Math.ceil(seconds))}`);
    await session.query(sql, seconds + grace);
  } catch (error) {
    isOver = true;
    await looking;
    await endSession(server, session);
    throw notClosed(server, seconds, holders, error);
  } finally {
    isOver = true;
  }
}

/** Ends a session and waits until it is gone: then nothing that it was told takes effect any more. */
async function endSession(server: Server, session: Session): Promise<void> {
  const end = async () => {
    try {
      await kill(server, session.id);
      return await isGone(server, session.id);
    } catch {
      return null;
    }
  };
  await waitFor(end, { within: patience, every: 250 });
  session.destroy();
}

/** Whether a session is gone from the server; null where it is not. */
export async function isGone(server: Server, id: number | undefined): Promise<true | null> {
  const rows = await server.query<{ Id: number }>('SHOW PROCESSLIST', 30);
  return rows.some((row) => row.Id === id) ? null : true;
}

function notClosed(
  server: Server,
  seconds: number,
  holders: readonly string[],
  cause: unknown,
): StillpointError {
  const why =
    holders.length > 0
      ? `${holders.join(', ')} kept it open for ${seconds} s`
      : `a statement or a lock kept it open for ${seconds} s (${reasonOf(cause)})`;
  return new StillpointError('refused', `could not close the ${server.who} for writes: ${why}`, {
    hint: 'It takes writes as before. Wait until that has ended, or KILL its connection, and try again.',
    cause,
  });
}

/** At most this many holders are named. */
const most = 3;

/** Who writes to a server, or has locked a table of it: the connections that keep it from being closed. */
async function holdersOf(server: Server, ours: number): Promise<string[]> {
  const rows = await server.query(server.dialect.holders(ours), 10);
  return rows.slice(0, most).map((row) => {
    const doing = text(row, 'doing').replaceAll(/\s+/g, ' ').trim();
    const says = doing.length > 60 ? `${doing.slice(0, 60)}…` : doing;
    return `connection ${text(row, 'id')} of ${text(row, 'user')}${says === '' ? '' : ` (${says})`}`;
  });
}
