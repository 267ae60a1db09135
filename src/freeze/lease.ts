import { StillpointError } from '../errors.js';
import type { Server } from '../pair/server.js';
import type { Session } from '../pair/session.js';
import { waitFor } from '../util/wait.js';

/** Stands in every lease's text, so that one can be told from other sleeping sessions. */
const mark = '/* stillpoint lease */';

/**
 * The server's own promise to resume, made before the applier is stopped: a session that sleeps and
 * then starts the applier. If we die, the server notices the dead connection within 5 s, ends the
 * sleep and runs the START; if the network dies without a word, the sleep runs out. Measured on
 * MariaDB 10.11 and MySQL 9.7, also under super_read_only; it needs no event and writes no GTID.
 *
 * A STOP that still waits for a long statement when we die holds the START back until it has taken
 * effect, so the one START is enough (seen on both: START is queued behind STOP).
 */
export interface Lease {
  /** Fires when the lease ended without us: its START has run, or will. */
  readonly lost: AbortSignal;
  /** Takes the promise back, without a START. The applier runs again by now. */
  drop(): Promise<void>;
}

export async function openLease(
  replica: Server,
  channels: readonly string[],
  seconds: number,
): Promise<Lease> {
  const lost = new AbortController();
  let dropped = false;
  let current = await holdOne();

  async function holdOne(): Promise<Session> {
    const session = await replica.session({ multipleStatements: true });
    const starts = channels.map((name) => replica.dialect.startApplier(name)).join('; ');
    const ended = session.query(`DO ${mark} SLEEP(${seconds}); ${starts}`, Infinity).then(
      () => undefined,
      () => undefined,
    );
    void Promise.race([ended, session.gone]).then(() => {
      if (!dropped && session === current) lose('ended on the server');
    });
    const seen = await waitFor(
      async () => ((await sleepingLeases(replica)).includes(session.id) ? true : null),
      { within: 10, every: 20 },
    );
    if (!seen) {
      session.destroy();
      throw new StillpointError('failed', `the lease does not sleep on the ${replica.who}`);
    }
    return session;
  }

  function lose(why: string): void {
    lost.abort(
      new StillpointError('failed', `the lease on the ${replica.who} was lost: it ${why}`, {
        hint: 'Someone killed our connection, the server restarted, or this machine stood still for too long.',
      }),
    );
  }

  /** KILL, not a closed connection: a lease that only loses its client fires. */
  async function end(session: Session): Promise<void> {
    await replica.query(`KILL ${session.id}`).catch(ignoreUnknownThread);
    session.destroy();
  }

  let renewing: Promise<void> = Promise.resolve();
  async function renew(): Promise<void> {
    const old = current;
    const next = await holdOne();
    if (dropped) {
      await end(next);
      return;
    }
    current = next;
    await end(old);
  }
  const timer = setInterval(
    () => {
      // A failed renewal is tried again at the next beat; if none succeeds the old lease fires.
      renewing = renewing.then(renew).catch(() => undefined);
    },
    (seconds * 1000) / 3,
  );

  return {
    lost: lost.signal,
    async drop() {
      dropped = true;
      clearInterval(timer);
      await renewing;
      await end(current);
    },
  };
}

/**
 * Ends leases that a dead run left on the server by letting them fire now. Call it only while holding
 * the lock: then every lease there is belongs to nobody.
 */
export async function fireStaleLeases(replica: Server): Promise<number> {
  const stale = new Set<number>();
  const none = await waitFor(
    async () => {
      const leases = await sleepingLeases(replica);
      for (const id of leases) {
        stale.add(id);
        await replica.query(`KILL QUERY ${id}`).catch(ignoreUnknownThread);
      }
      return leases.length === 0 ? true : null;
    },
    { within: 30, every: 200 },
  );
  if (!none) {
    throw new StillpointError(
      'failed',
      `a lease of an earlier run does not end on the ${replica.who}`,
      {
        hint: `Look for "${mark}" in SHOW PROCESSLIST and KILL it.`,
      },
    );
  }
  return stale.size;
}

async function sleepingLeases(replica: Server): Promise<number[]> {
  const rows = await replica.query<{ Id: number; Info: string | null }>(
    'SHOW FULL PROCESSLIST',
    30,
  );
  return rows.filter((row) => row.Info?.includes(`DO ${mark}`)).map((row) => row.Id);
}

/** 1094: the session has ended by itself in the meantime. */
function ignoreUnknownThread(error: unknown): void {
  if (error instanceof Error && 'errno' in error && error.errno === 1094) return;
  throw error;
}
