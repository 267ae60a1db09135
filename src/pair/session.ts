import mysql, { type Connection, type ConnectionOptions, type RowDataPacket } from 'mysql2/promise';
import { readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import type { ResolvedServer } from '../config/secret.js';
import type { Row } from '../dialect/dialect.js';
import { reasonOf, StillpointError } from '../errors.js';

/** One connection to a server. */
export interface Session {
  /** The server's connection id, for KILL. */
  readonly id: number;
  /**
   * Runs one statement and returns its rows. Numbers too large for a double come as text, times as
   * text. Throws the server's error, or an error with `fatal` when the connection broke or
   * `timeoutSeconds` passed.
   */
  query<T extends Row = Row>(sql: string, timeoutSeconds?: number): Promise<T[]>;
  /** Settles when the connection is gone, whoever ended it. */
  readonly gone: Promise<void>;
  /** Cuts the connection at once. */
  destroy(): void;
}

/** Longest a control statement may take before its connection counts as dead. */
const controlTimeout = 60;

/**
 * Opens a connection in a known state: utf8mb4, no sql_mode that changes quoting, no limit on a
 * statement's time. `who` names the server in errors.
 */
export async function connect(
  server: ResolvedServer,
  who: string,
  options: { multipleStatements?: boolean } = {},
): Promise<Session> {
  let connection: Connection;
  try {
    connection = await mysql.createConnection({
      ...addressOf(server),
      user: server.user,
      ...(server.password === undefined ? {} : { password: server.password }),
      ...(await tlsOptions(server)),
      charset: 'utf8mb4',
      connectTimeout: server.connectTimeout * 1000,
      supportBigNumbers: true,
      bigNumberStrings: false,
      dateStrings: true,
      multipleStatements: options.multipleStatements ?? false,
    });
  } catch (error) {
    throw connectError(error, server, who);
  }
  const gone = new Promise<void>((resolve) => {
    connection.on('error', () => {
      resolve();
    });
    connection.on('end', () => {
      resolve();
    });
  });
  const session: Session = {
    id: connection.threadId,
    gone,
    async query<T extends Row = Row>(
      sql: string,
      timeoutSeconds = server.patience ?? controlTimeout,
    ) {
      const [rows] = await connection.query<RowDataPacket[]>({
        sql,
        ...(Number.isFinite(timeoutSeconds) ? { timeout: timeoutSeconds * 1000 } : {}),
      });
      return (Array.isArray(rows) ? rows : []) as unknown as T[];
    },
    destroy: () => connection.destroy(),
  };
  try {
    await session.query("SET SESSION sql_mode = '', time_zone = '+00:00', net_write_timeout = 600");
  } catch (error) {
    session.destroy();
    throw error;
  }
  return session;
}

/** Whether the error means that the connection, not the statement, is what failed. */
export function isBroken(error: unknown): boolean {
  return (
    error instanceof Error &&
    (('fatal' in error && error.fatal === true) ||
      ('code' in error && error.code === 'PROTOCOL_SEQUENCE_TIMEOUT') ||
      error.message.includes('closed state'))
  );
}

/** The server's error number, or 0 for any other error. */
export function errno(error: unknown): number {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number'
    ? error.errno
    : 0;
}

/** mysql2 expects the host's name in the certificate, so another name has to stand for the host. */
function addressOf({ socketPath, host, port, tls }: ResolvedServer): ConnectionOptions {
  if (socketPath) return { socketPath };
  const name = typeof tls === 'object' ? tls.serverName : undefined;
  if (name === undefined) return { host, port };
  return { host: name, port, stream: () => createConnection({ host, port, noDelay: true }) };
}

async function tlsOptions(server: ResolvedServer): Promise<Pick<ConnectionOptions, 'ssl'>> {
  const { tls } = server;
  if (!tls) return {};
  if (tls === true) return { ssl: {} };
  const file = async (path: string | undefined) => (path ? await readFile(path) : undefined);
  const [ca, cert, key] = await Promise.all([file(tls.ca), file(tls.cert), file(tls.key)]);
  return {
    ssl: {
      ...(ca ? { ca } : {}),
      ...(cert ? { cert } : {}),
      ...(key ? { key } : {}),
      rejectUnauthorized: tls.verify,
      verifyIdentity: tls.verify,
    },
  };
}

function connectError(error: unknown, server: ResolvedServer, who: string): StillpointError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const where = server.socketPath ?? `${server.host}:${server.port}`;
  const hint = hints[code] ?? 'Run `stillpoint doctor` to see what is reachable.';
  return new StillpointError(
    'failed',
    `cannot connect to the ${who} at ${where}: ${reasonOf(error) || code}`,
    {
      hint: hint.replace('%u', server.user),
      cause: error,
    },
  );
}

const hints: Record<string, string> = {
  ER_ACCESS_DENIED_ERROR:
    'Check the user "%u" and its password in the configuration, and from which hosts the account may connect.',
  ECONNREFUSED: 'Is the server running, and are host and port right?',
  ENOTFOUND: 'The host name does not resolve: check it in the configuration.',
  ENOENT: 'The socket does not exist: check socketPath in the configuration.',
  ETIMEDOUT: 'Nothing answers: check host, port and firewall.',
};
