import { reasonOf, StillpointError } from '../errors.js';
import { kill, type Server } from '../pair/server.js';
import { errno, type Session } from '../pair/session.js';
import { waitFor } from '../util/wait.js';

/** Stands in every lease's text, so that one can be told from other sleeping sessions. */
const mark = '/* stillpoint lease */';
const asleep = `DO ${mark}`;

/**
 * The server's own promise to put right what we do to it: a session that is told in one packet to stop
 * the appliers, to sleep, and to start them; or to take no writes, to sleep, and to take them again. If we die, the server notices the dead connection within 5 s, ends the
 * sleep and runs the START; if the network dies without a word, the sleep runs out. Measured on
 * MariaDB 10.11 and MySQL 9.7, also under super_read_only, and with a STOP that waited when the client
 * died: the session goes on to its sleep and its START. It needs no event and writes no GTID.
 *
 * One packet, since a STOP of its own may come to the server after the START of a lease that fired.
 */
export interface Lease {
  /**
   * Does what comes first. True when that is done and the promise stands, false when it still waits
   * after so many seconds. Throws the signal's reason.
   */
  begin(within: number, signal: AbortSignal): Promise<boolean>;
  /** The session that it was sent through. */
  stopper(): number | undefined;
  /** Fires when the lease ended without us: what comes first has failed, or what is promised has run, or will. */
  readonly lost: AbortSignal;
  /** Takes the promise back, without a START. The applier runs again by now. */
  drop(): Promise<void>;
  /** Lets the server keep the promise, where we could not. */
  fire(): void;
}

/** What the session of a lease is told to do, and what it promises to do once we are gone. */
export interface LeaseWords {
  first: readonly string[];
  promised: readonly string[];
}

/** Opens a lease, which does nothing until it is told to begin. */
export async function openLease(
  replica: Server,
  { first, promised }: LeaseWords,
  seconds: number,
): Promise<Lease> {
  const promise = [`${asleep} SLEEP(${seconds})`, ...promised].join('; ');
  const open = () => replica.session({ multipleStatements: true });
  const lost = new AbortController();
  let dropped = false;
  let stopper: number | undefined;
  let current = await open();
  /** When the sleep that we count on began, of `performance.now()`. */
  let since = 0;
  let renewing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  function send(session: Session, sql: string): void {
    const ended = session.query(sql, Infinity).then(
      () => null,
      (error: unknown) => error,
    );
    void Promise.race([ended, session.gone]).then((error) => {
      if (!dropped && session === current) lost.abort(lossOf(replica, error));
    });
  }

  async function sleeps(session: Session): Promise<true | null> {
    return (await sleepingLeases(replica)).includes(session.id) ? true : null;
  }

  /** KILL, not a closed connection: a lease that only loses its client fires. */
  async function end(session: Session): Promise<void> {
    await kill(replica, session.id);
    session.destroy();
  }

  async function renew(): Promise<void> {
    const next = await open();
    let unneeded = next;
    try {
      const begun = performance.now();
      send(next, promise);
      const seen = await waitFor(() => sleeps(next), { within: 10, every: 20 });
      if (!seen || dropped) return;
      unneeded = current;
      current = next;
      since = begun;
    } finally {
      await end(unneeded);
    }
  }

  return {
    lost: lost.signal,
    stopper: () => stopper,
    async begin(within, signal) {
      stopper = current.id;
      send(current, [...first, promise].join('; '));
      const seen = await waitFor(() => sleeps(current), { within, every: 20, signal });
      if (!seen) return false;
      since = performance.now();
      timer = setInterval(
        () => {
          if (performance.now() - since > seconds * 1000) lost.abort(overdue(replica, seconds));
          // A failed renewal is tried again at the next beat; if none succeeds the old lease fires.
          renewing = renewing.then(renew).catch(() => undefined);
        },
        (seconds * 1000) / 3,
      );
      return true;
    },
    async drop() {
      dropped = true;
      clearInterval(timer);
      await renewing;
      await end(current);
    },
    fire() {
      dropped = true;
      clearInterval(timer);
      current.destroy();
    },
  };
}

/** By now the server has kept the promise, and nobody could tell us. */
function overdue(replica: Server, seconds: number): StillpointError {
  return new StillpointError(
    'failed',
    `the lease on the ${replica.who} was lost: it could not be renewed for ${seconds} s`,
    {
      hint: 'The server has put itself right by then. See whether the network between here and there was cut.',
    },
  );
}

/** 3857: a backup lock of someone else. */
function lossOf(replica: Server, error: unknown): StillpointError {
  if (errno(error) === 3857) {
    return new StillpointError(
      'refused',
      `another tool holds the backup lock on the ${replica.who}`,
      {
        hint: 'Wait for the other backup (XtraBackup, CLONE, mydumper) to end.',
        cause: error,
      },
    );
  }
  const why = errno(error) === 0 ? 'ended on the server' : reasonOf(error);
  return new StillpointError('failed', `the lease on the ${replica.who} was lost: ${why}`, {
    hint: 'Someone killed our connection, the server restarted, or this machine stood still for too long.',
    cause: error,
  });
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
        await kill(replica, id, 'QUERY');
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

/** Whether a statement of the process list is the sleep of a lease, not the STOP before it. */
export function isLease(statement: string | null): boolean {
  return statement?.trimStart().startsWith(asleep) ?? false;
}

/** The connections that sleep as leases. */
export async function sleepingLeases(replica: Server): Promise<number[]> {
  const rows = await replica.query<{ Id: number; Info: string | null }>(
    'SHOW FULL PROCESSLIST',
    30,
  );
  return rows.filter((row) => isLease(row.Info)).map((row) => row.Id);
}
