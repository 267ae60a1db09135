import type { ResolvedServer } from '../config/secret.js';
import type { Dialect, Row } from '../dialect/dialect.js';
import { dialectOf } from '../dialect/index.js';
import { text } from '../dialect/rows.js';
import { parseVersion } from '../dialect/version.js';
import { StillpointError } from '../errors.js';
import { connect, errno, isBroken, type Session, type SessionOptions } from './session.js';

/** A server we talk to: its dialect, its identity and a control connection that heals itself. */
export interface Server {
  /** For people: `replica of shop`. */
  readonly who: string;
  readonly settings: ResolvedServer;
  readonly dialect: Dialect;
  /** Tells this server from every other one; the same after a restart. */
  readonly uuid: string;
  /** Runs a statement on the control connection, opening a new one when the last one is gone. */
  query<T extends Row = Row>(sql: string, timeoutSeconds?: number): Promise<T[]>;
  /** A connection of its own; the caller ends it. */
  session(options?: SessionOptions): Promise<Session>;
  /** Ends its control connection; a query after it throws. */
  close(): void;
}

/**
 * Connects to a server and learns what it is. Every later connection is checked to reach the same
 * server, since a name or a virtual address may move to another host in the middle of a run.
 */
export async function openServer(settings: ResolvedServer, who: string): Promise<Server> {
  const first = await connect(settings, who);
  let control: Session | null = null;
  const kept = new Set<Session>();
  let isClosed = false;
  const refuseWhenClosed = () => {
    if (isClosed) throw new StillpointError('failed', `the connection to the ${who} was closed`);
  };
  const keep = (opened: Session) => {
    control = opened;
    kept.add(opened);
    void opened.gone.then(() => {
      kept.delete(opened);
      if (control === opened) control = null;
    });
    // Whoever asked may have been a while in connecting.
    if (isClosed) opened.destroy();
    refuseWhenClosed();
    return opened;
  };
  keep(first);
  const { dialect, uuid } = await identityOf(first, who).catch((error: unknown) => {
    first.destroy();
    throw error;
  });

  const session: Server['session'] = async (options) => {
    const opened = await connect(settings, who, options);
    const found = await uuidOf(opened, dialect).catch((error: unknown) => {
      opened.destroy();
      throw error;
    });
    if (found === uuid) return opened;
    opened.destroy();
    throw new StillpointError(
      'failed',
      `the ${who} is another server now (${found}, was ${uuid})`,
      {
        hint: 'A host name or virtual address has moved; point the configuration at one server.',
      },
    );
  };

  return {
    who,
    settings,
    dialect,
    uuid,
    session,
    async query<T extends Row = Row>(sql: string, timeoutSeconds?: number) {
      refuseWhenClosed();
      const used = control ?? keep(await session());
      try {
        return await used.query<T>(sql, timeoutSeconds);
      } catch (error) {
        if (isBroken(error)) {
          used.destroy();
          if (control === used) control = null;
        }
        throw error;
      }
    },
    close() {
      isClosed = true;
      for (const opened of kept) opened.destroy();
    },
  };
}

/** Ends a session on the server, or only its statement. ER_NO_SUCH_THREAD, it has ended by itself, is fine. */
export async function kill(
  through: Pick<Server, 'query'>,
  id: number,
  what: 'CONNECTION' | 'QUERY' = 'CONNECTION',
): Promise<void> {
  await through.query(`KILL ${what} ${id}`).catch((error: unknown) => {
    if (errno(error) !== 1094) throw error;
  });
}

async function identityOf(
  session: Session,
  who: string,
): Promise<{ dialect: Dialect; uuid: string }> {
  const [row] = await session.query('SELECT VERSION() AS version, @@version_comment AS comment');
  const version = parseVersion(text(row ?? {}, 'version'), text(row ?? {}, 'comment'));
  if (!version) throw new StillpointError('failed', `the ${who} does not say which version it is`);
  const dialect = dialectOf(version);
  return { dialect, uuid: await uuidOf(session, dialect) };
}

async function uuidOf(session: Session, dialect: Dialect): Promise<string> {
  const [row] = await session.query(dialect.serverUuid());
  return text(row ?? {}, 'uuid');
}
