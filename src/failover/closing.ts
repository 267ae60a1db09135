import { number, text } from '../dialect/rows.js';
import { reasonOf, StillpointError } from '../errors.js';
import { doing, statement, type Act } from '../pair/act.js';
import { isWritable } from '../pair/admin.js';
import { closeAct, lockedWithin } from '../pair/closeWrites.js';
import { openWriters } from '../pair/openWriters.js';
import { kill, type Server } from '../pair/server.js';
import type { Session } from '../pair/session.js';
import { heartbeat } from '../pair/heartbeat.js';
import { openAgain } from '../freeze/reopen.js';

/** A source that takes no more writes. */
export interface Closing {
  acts: Act[];
  /** Fires when the lock is lost: then accounts with special privileges may write. */
  lost: AbortSignal;
  /**
   * Lets go of the read lock, where one is held, once another server has taken the source's place: whoever waits
   * for it, or has written and not committed, is cut off first, or it would be acknowledged here. Never throws.
   */
  release: () => Promise<void>;
  /** Undoes what was done; call it when nothing has taken the source's place. */
  undo: () => Promise<void>;
}

/** How a source was before it was closed. */
export interface OpenState {
  wasWritable: boolean;
  ranEvents: boolean;
}

export async function openStateOf(source: Server): Promise<OpenState> {
  const [row] = await source.query(
    `SELECT writable, @@GLOBAL.event_scheduler AS events FROM (${source.dialect.writable()}) AS w`,
  );
  return {
    wasWritable: number(row ?? {}, 'writable') === 1,
    ranEvents: text(row ?? {}, 'events') === 'ON',
  };
}

/** Whether a source takes writes if it did before it was closed. */
export async function isAsBefore(source: Server | null, before: OpenState): Promise<boolean> {
  if (source === null || !before.wasWritable) return true;
  return await isWritable(source).catch(() => false);
}

/** The server lets go of the lock when it hears nothing of us for so many seconds. */
const silence = 60;
/** Seconds for which a source that does not answer is tried again, so that it takes writes. */
const patience = 60;

export interface ClosingOptions {
  /** How it was before anybody closed it. */
  before: OpenState;
  /** Seconds that closing may take. */
  seconds: number;
  /** A run that was killed may have closed it already. */
  isBegun: boolean;
}

/**
 * Closes a source for writes. MariaDB lets accounts with READ_ONLY ADMIN write to a server that is read-only, so
 * there it is locked as well, until `release`.
 */
export function closing(source: Server, { before, seconds, isBegun }: ClosingOptions): Closing {
  const { dialect } = source;
  const lost = new AbortController();
  let lock: Session | null = null;
  let beat = { end: (): void => undefined };
  let isTouched = isBegun;
  const touch = (act: Act): Act => ({
    ...act,
    run: async (said) => {
      isTouched = true;
      await act.run(said);
    },
  });
  const letGo = () => {
    beat.end();
    lock?.destroy();
    lock = null;
  };
  const locking = 'FLUSH TABLES WITH READ LOCK';
  const lockActs = dialect.superReadOnly
    ? []
    : [
        doing(source, locking, async () => {
          lock = await source.session();
          await lock.query(`SET SESSION wait_timeout = ${silence}`);
          await lockedWithin(source, lock, locking, seconds);
          beat = heartbeat(lock);
          void lock.gone.then(() => {
            lost.abort(new StillpointError('failed', `lost the read lock on the ${source.who}`));
          });
        }),
      ];
  const acts = [
    ...(before.ranEvents ? [touch(statement(source, 'SET GLOBAL event_scheduler = OFF'))] : []),
    touch(closeAct(source, seconds)),
    ...lockActs,
  ];
  return {
    acts,
    release: async () => {
      if (lock) await endWriters(source).catch(() => undefined);
      letGo();
    },
    lost: lost.signal,
    undo: async () => {
      letGo();
      if (!isTouched) return;
      if (before.wasWritable) await openAgain(source, patience);
      if (before.ranEvents) await source.query('SET GLOBAL event_scheduler = ON');
    },
  };
}

/** Ends every client that would write to a server as soon as its read lock is gone. */
async function endWriters(server: Server): Promise<void> {
  const waiting = await server.query(
    "SELECT ID AS session FROM information_schema.PROCESSLIST WHERE STATE = 'Waiting for backup lock' AND USER <> 'system user'",
  );
  const writers = [
    ...waiting.map((row) => text(row, 'session')),
    ...(await openWriters(server)).map(({ session }) => session),
  ];
  for (const id of new Set(writers)) await kill(server, Number(id));
}

/** Runs `body` on a source that is being closed; when it throws, the source takes writes again first. */
export async function orReopen<T>(
  source: Server,
  { undo }: Closing,
  body: () => Promise<T>,
): Promise<T> {
  try {
    return await body();
  } catch (error) {
    await undo().catch((failed: unknown) => {
      throw new StillpointError(
        'failed',
        `the ${source.who} may be closed for writes still: ${reasonOf(failed)}; it was closed for a switchover that failed: ${reasonOf(error)}`,
        {
          hint: `Run the same command again, or let it take writes: ${source.dialect.openForWrites()};`,
          cause: error,
        },
      );
    });
    throw error;
  }
}
