import { createHash } from 'node:crypto';
import { literal } from '../dialect/quote.js';
import { number, text } from '../dialect/rows.js';
import { StillpointError } from '../errors.js';
import type { Row } from '../dialect/dialect.js';
import { waitFor } from '../util/wait.js';
import { heartbeat } from './heartbeat.js';
import type { Server } from './server.js';

/** Seconds after which the server drops the lock of a coordinator it no longer hears from. */
const silence = 120;
const beats = { every: 20, within: 40 };

/** What is locked, and what is said when another holds it. */
export interface LockOptions {
  /** At most 64 characters, which is what MySQL takes. */
  name: string;
  /** Seconds to wait for it. */
  within: number;
  /** Ends the waiting. */
  signal?: AbortSignal;
  message: string;
  /** Of the connection that holds it. */
  hint: (holder: string) => string;
}

/**
 * Runs `body` as the only coordinator of this replica. Throws `locked` when another run has it, at once
 * or after `patience.within` seconds. The signal given to `body` fires when the lock is lost.
 */
export async function withLock<T>(
  replica: Server,
  body: (lost: AbortSignal) => Promise<T>,
  patience: Pick<LockOptions, 'within' | 'signal'> = { within: 0 },
): Promise<T> {
  const options: LockOptions = {
    ...patience,
    name: lockName(replica.uuid),
    message: `another run holds the lock on the ${replica.who}`,
    hint: (holder) =>
      `It is connection ${holder} of that server; \`stillpoint status\` shows what it does.`,
  };
  return await withNamedLock(replica, options, body);
}

/**
 * Runs `body` with a lock held by GET_LOCK on a connection of its own, so that it ends with the process
 * whatever kills it. Throws `locked` when another has it.
 */
export async function withNamedLock<T>(
  server: Server,
  options: LockOptions,
  body: (lost: AbortSignal) => Promise<T>,
): Promise<T> {
  const name = literal(options.name);
  const session = await server.session();
  try {
    let row: Row = {};
    await waitFor(
      async () => {
        const sql = `SELECT GET_LOCK(${name}, 0) AS got, IS_USED_LOCK(${name}) AS holder`;
        row = (await session.query(sql))[0] ?? {};
        return text(row, 'got') === '1' ? true : null;
      },
      { every: 200, ...options },
    );
    if (text(row, 'got') !== '1') {
      const hint = options.hint(text(row, 'holder'));
      throw new StillpointError('locked', options.message, { hint });
    }
    await session.query(`SET SESSION wait_timeout = ${silence}`);
    const lost = new AbortController();
    const beat = heartbeat(session, beats);
    void session.gone.then(() => {
      lost.abort(new StillpointError('failed', `lost the lock on the ${server.who}`));
    });
    try {
      return await body(lost.signal);
    } finally {
      beat.end();
    }
  } finally {
    session.destroy();
  }
}

/** Whether some run holds the lock on this replica now. */
export async function isLocked(replica: Server): Promise<boolean> {
  return (await lockHolder(replica)) !== null;
}

/** The connection that holds the lock on this replica; null when nobody does. */
export async function lockHolder(replica: Server): Promise<number | null> {
  const [row] = await replica.query(
    `SELECT IS_USED_LOCK(${literal(lockName(replica.uuid))}) AS holder`,
  );
  return number(row ?? {}, 'holder');
}

/** MySQL takes 64 characters for the name of a lock. */
function lockName(uuid: string): string {
  const name = `stillpoint:${uuid}`;
  if (name.length <= 64) return name;
  return `stillpoint:${createHash('sha256').update(uuid).digest('hex').slice(0, 40)}`;
}
