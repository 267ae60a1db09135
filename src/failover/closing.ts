import { number, text } from '../dialect/rows.js';
import { reasonOf, StillpointError } from '../errors.js';
import { doing, statement, type Act } from '../pair/act.js';
import { isWritable } from '../pair/admin.js';
import type { Server } from '../pair/server.js';
import type { Session } from '../pair/session.js';

/** A source that takes no more writes. */
export interface Closing {
  acts: Act[];
  /** Lets go of the read lock; it may be called twice. */
  release: () => void;
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

/**
 * Closes a source for writes within `seconds`. MariaDB lets accounts with READ_ONLY ADMIN write to a server
 * that is read-only, so there it is locked as well, until `release`.
 */
export function closing(source: Server, before: OpenState, seconds: number): Closing {
  const { dialect } = source;
  let lock: Session | null = null;
  let isTouched = false;
  const touch = (sql: string, timeout?: number) => {
    const { on, says, run } = statement(source, sql, timeout);
    return {
      on,
      says,
      run: async (said: string) => {
        isTouched = true;
        await run(said);
      },
    };
  };
  const release = () => {
    lock?.destroy();
    lock = null;
  };
  const locking = 'FLUSH TABLES WITH READ LOCK';
  const lockActs = dialect.superReadOnly
    ? []
    : [
        doing(source, locking, async () => {
          lock = await source.session();
          await lock.query(`SET SESSION lock_wait_timeout = ${Math.ceil(seconds)}`);
          await lock.query(locking, seconds + 5);
        }),
      ];
  const acts = [
    ...(before.ranEvents ? [touch('SET GLOBAL event_scheduler = OFF')] : []),
    touch(dialect.closeForWrites(), seconds),
    ...lockActs,
  ];
  return {
    acts,
    release,
    undo: async () => {
      release();
      if (!isTouched) return;
      if (before.wasWritable) await source.query(dialect.openForWrites());
      if (before.ranEvents) await source.query('SET GLOBAL event_scheduler = ON');
    },
  };
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
