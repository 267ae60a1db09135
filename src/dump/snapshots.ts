import { StillpointError } from '../errors.js';
import { number } from '../dialect/rows.js';
import type { Server } from '../pair/server.js';
import { waitFor } from '../util/wait.js';
import type { RunningDump } from './runningDump.js';

/** Seconds for mysqldump to connect and open its snapshot. */
const patience = 60;
/** InnoDB brings its list of transactions up to date only when nobody has read it for 0.1 s. */
const listedEvery = 110;

interface Process {
  Id: number;
  User: string;
  Info: string | null;
}

/** The ids of all sessions on a server. */
export async function sessionIds(replica: Server): Promise<Set<number>> {
  return new Set((await processes(replica)).map(({ Id }) => Id));
}

/**
 * Waits until each mysqldump reads from a snapshot of its own. Call it while nothing is written. Those
 * tell by themselves that have come to a table in what they write, or have ended. Where one has not, the
 * server is asked: `before` are the sessions from before the first was started; of those that came since
 * and belong to our account, each must have a snapshot, and there must be as many as dumps that run. A
 * session has one when it reads rows (mysqldump opens it before), or when InnoDB knows its transaction and
 * its START TRANSACTION is over.
 */
export async function waitForSnapshots(
  replica: Server,
  before: ReadonlySet<number>,
  dumps: readonly Pick<RunningDump, 'hasBegun' | 'hasEnded'>[],
  signal: AbortSignal,
): Promise<void> {
  const running = () => dumps.filter((dump) => !dump.hasEnded()).length;
  let listedAt = -Infinity;
  let listed = new Set<number>();
  const allOpen = await waitFor(
    async () => {
      if (dumps.every((dump) => dump.hasBegun() || dump.hasEnded())) return true;
      const wanted = running();
      // Listed first: a START TRANSACTION that is over by the time of the look after it has its snapshot.
      const sessions = async () =>
        (await processes(replica)).filter(
          ({ Id, User, Info }) =>
            !before.has(Id) && User === replica.settings.user && !isOfOurs(Info),
        );
      let found = await sessions();
      if (found.length < wanted) return null;
      if (
        !found.every(({ Info }) => readsRows(Info)) &&
        performance.now() - listedAt > listedEvery
      ) {
        listed = await transactions(replica);
        listedAt = performance.now();
        found = await sessions();
      }
      const isOpen = ({ Id, Info }: Process) =>
        readsRows(Info) || (listed.has(Id) && !/^START TRANSACTION/i.test(Info ?? ''));
      return found.length >= running() && found.every(isOpen) ? true : null;
    },
    { within: patience, every: 5, signal },
  );
  if (allOpen) return;
  throw new StillpointError(
    'failed',
    `mysqldump opens no snapshot on the ${replica.who} within ${patience} s`,
    { hint: 'SHOW PROCESSLIST names what it waits for; freeze.hold: dump needs no snapshot.' },
  );
}

async function processes(replica: Server): Promise<Process[]> {
  return await replica.query<Process & Record<string, unknown>>('SHOW PROCESSLIST');
}

async function transactions(replica: Server): Promise<Set<number>> {
  const rows = await replica.query(
    'SELECT trx_mysql_thread_id AS id FROM information_schema.INNODB_TRX',
  );
  return new Set(rows.map((row) => number(row, 'id') ?? 0));
}

/** As mysqldump and mariadb-dump begin the statement that reads a table's rows. */
function readsRows(info: string | null): boolean {
  return info?.startsWith('SELECT /*!40001 SQL_NO_CACHE */') ?? false;
}

/** A lease that is renewed opens a session meanwhile. */
function isOfOurs(info: string | null): boolean {
  return info?.includes('/* stillpoint') ?? false;
}
