import mysql, { type Connection, type ConnectionOptions, type RowDataPacket } from 'mysql2/promise';
import { readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ResolvedServer } from '../config/secret.js';
import type { Row } from '../dialect/dialect.js';
import { reasonOf, StillpointError } from '../errors.js';

/** One connection to a server. */
export interface Session {
  /** The server's connection id, for KILL. */
  readonly id: number;
  /**
   * Runs one statement and returns its rows. Numbers too large for a double come as text, times as
   * text. Throws the server's error, or an error with `fatal` when the connection broke, was cut, or
   * `timeoutSeconds` passed: then it is cut, since nothing else would ever be answered on it.
   */
  query<T extends Row = Row>(sql: string, timeoutSeconds?: number): Promise<T[]>;
  /** Settles when the connection is gone, whoever ended it. */
  readonly gone: Promise<void>;
  /** Cuts the connection at once, and with it every statement that is not answered yet. */
  destroy(): void;
}

/** How a connection is unlike others. */
export interface SessionOptions {
  multipleStatements?: boolean;
  /** A statement is sent as the bytes that its characters stand for in latin1. */
  bytes?: boolean;
}

/** Longest a control statement may take before its connection counts as dead. */
const controlTimeout = 60;
/**
 * Seconds without a word after which the other end is asked whether it is there, once a second and ten times.
 * Else nobody would ever see that a network has gone which says nothing, while a long statement runs.
 */
const quiet = 30;
/** Milliseconds that a connection which was cut may take to say good-bye. */
const parting = 2000;

/**
 * What a server may have set otherwise for all connections: a statement is committed at once, and neither a hook
 * that takes long nor a long statement ends the session. Either comment is read by one kind of server only.
 */
export const asUsual =
  'wait_timeout = 28800, autocommit = 1 /*M!100101 , max_statement_time = 0 */ /*!50708 , max_execution_time = 0 */';

/**
 * Opens a connection in a known state: utf8mb4, no sql_mode that changes quoting, no limit on a
 * statement's time, every statement a transaction of its own. `who` names the server in errors.
 */
export async function connect(
  server: ResolvedServer,
  who: string,
  { multipleStatements = false, bytes = false }: SessionOptions = {},
): Promise<Session> {
  let connection: Connection;
  try {
    connection = await mysql.createConnection({
      ...addressOf(server),
      user: server.user,
      ...(server.password === undefined ? {} : { password: server.password }),
      ...(await tlsOptions(server)),
      ...(bytes ? asBytes : { charset: 'utf8mb4' }),
      connectTimeout: server.connectTimeout * 1000,
      keepAliveInitialDelay: quiet * 1000,
      supportBigNumbers: true,
      bigNumberStrings: false,
      dateStrings: true,
      multipleStatements,
      // None is; for those that might be each connection made a table of 16,000.
      maxPreparedStatements: 1,
      // A stack kept for each statement, for its error, took 0.7 of 13 s to restore a thousand databases.
      trace: false,
      // No statement has placeholders; to look for them took longer than to send it.
      queryFormat: (sql) => sql,
    });
  } catch (error) {
    throw connectError(error, server, who);
  }
  let isGone: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => (isGone = resolve));
  connection.on('error', isGone);
  connection.on('end', isGone);
  let giveUp: (error: Error) => void = () => undefined;
  const cut = (error: Error) => {
    isGone();
    giveUp(error);
    connection.destroy();
    // Over a dead network the good-bye would be sent again and again, for a quarter of an hour.
    const { stream } = (connection as unknown as { connection: { stream: Duplex } }).connection;
    setTimeout(() => stream.destroy(), parting).unref();
  };
  // Not the client's own timeout: it leaves the connection as it is, and its timer running when that is cut.
  const answerOf = async (sql: string, seconds: number): Promise<unknown> => {
    const isCut = new Promise<never>((_, reject) => (giveUp = reject));
    const late = () => cut(fatal(`the ${who} has not answered within ${seconds} s`));
    const timer = Number.isFinite(seconds) ? setTimeout(late, seconds * 1000) : undefined;
    try {
      const [rows] = await Promise.race([connection.query<RowDataPacket[]>(sql), isCut]);
      return Array.isArray(rows) ? rows : [];
    } finally {
      clearTimeout(timer);
    }
  };
  /** Of the statement before: each has its time from when it is its turn. */
  let turn: Promise<unknown> = Promise.resolve();
  const session: Session = {
    id: connection.threadId,
    gone,
    async query<T extends Row = Row>(sql: string, seconds = server.patience ?? controlTimeout) {
      const answer = turn.then(async () => await answerOf(sql, seconds));
      turn = answer.catch(() => undefined);
      return (await answer) as T[];
    },
    destroy: () => cut(fatal(`the connection to the ${who} was closed`)),
  };
  try {
    if (bytes) await session.query('SET NAMES utf8mb4');
    await session.query(
      `SET SESSION sql_mode = '', time_zone = '+00:00', net_write_timeout = 600, ${asUsual}`,
    );
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
    (('fatal' in error && error.fatal === true) || error.message.includes('closed state'))
  );
}

/** An error of the connection, as the client marks its own. */
function fatal(message: string): Error {
  return Object.assign(new Error(message), { fatal: true });
}

/** The server's error number, or 0 for any other error. */
export function errno(error: unknown): number {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number'
    ? error.errno
    : 0;
}

/** Told of another character set by the server, mysql2 would send the characters in that. */
const asBytes = { charset: 'binary', flags: ['-SESSION_TRACK'] };

/** mysql2 expects the host's name in the certificate, so another name has to stand for the host. */
function addressOf({ socketPath, host, port, tls }: ResolvedServer): ConnectionOptions {
  if (socketPath) return { socketPath };
  const name = typeof tls === 'object' ? tls.serverName : undefined;
  if (name === undefined) return { host, port };
  const socket = {
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: quiet * 1000,
  };
  return { host: name, port, stream: () => createConnection(socket) };
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
