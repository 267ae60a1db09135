import type { DatabaseInfo } from '../dump/inventory.js';
import { readStable, surveyTable, type SurveyedTable } from '../dump/survey.js';
import { inSessions } from '../pair/inSessions.js';
import type { Server } from '../pair/server.js';
import { errno, type Session } from '../pair/session.js';
import { plural, tableName } from './words.js';

/** A table that two servers should hold alike. */
export interface ComparableTable {
  database: string;
  name: string;
  /** Whether a transaction goes on seeing it as it was. */
  transactional: boolean;
  /** Whether its checksum means something; else its rows are counted. */
  checksum: boolean;
}

/** The tables of a replica as they were at its coordinates, while it goes on. */
export interface Snapshot {
  tables: readonly ComparableTable[];
  /** In transactions that see that moment. */
  sessions: readonly Session[];
  /** What no transaction covers was read at that moment. */
  read: ReadonlyMap<ComparableTable, SurveyedTable>;
  replica: Server;
  close(): void;
}

/** The tables of an inventory whose rows can be compared. */
export async function comparableTables(
  replica: Server,
  databases: readonly DatabaseInfo[],
): Promise<ComparableTable[]> {
  const isStable = await readStable(replica);
  return databases.flatMap(({ name: database, tables }) =>
    tables
      .filter(({ rowsLeftOut }) => !rowsLeftOut)
      .map(({ name, engine }) => ({
        ...{ database, name, checksum: isStable(database, name) },
        transactional: ['InnoDB', 'ROCKSDB'].includes(engine),
      })),
  );
}

/**
 * Opens transactions that see the replica as it stands, and reads what they do not cover. Call it while
 * the replica stands still; it may go on as soon as this has settled.
 */
export async function openSnapshot(
  replica: Server,
  tables: readonly ComparableTable[],
  options: { parallel: number; signal: AbortSignal },
): Promise<Snapshot> {
  const sessions = await Promise.all(
    Array.from({ length: options.parallel }, async () => await replica.session()),
  );
  const close = () => sessions.forEach((session) => session.destroy());
  try {
    const loose = tables.filter(({ transactional }) => !transactional);
    const surveyed = await inSessions(
      replica,
      loose,
      { ...options, sessions },
      async (session, table) =>
        await surveyTable(session, table.database, table.name, table.checksum).catch(unlessRefused),
    );
    for (const session of sessions) {
      // Neither is a replicated ALTER to queue behind us for long, nor we behind it.
      await session.query('SET SESSION lock_wait_timeout = 10');
      await session.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      await session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
    }
    const read = new Map(
      loose.flatMap((table, i) => {
        const found = surveyed[i];
        return found ? [[table, found] as const] : [];
      }),
    );
    return { tables, sessions, read, replica, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** What {@link compareSnapshot} found. */
export interface Comparison {
  compared: number;
  /** Tables that were altered or dropped on the replica before they were read. */
  changed: string[];
  differences: string[];
}

/** Compares a server, which stands where the snapshot was taken (`where`), with it, table by table. */
export async function compareSnapshot(
  server: Server,
  snapshot: Snapshot,
  signal: AbortSignal,
  where = 'the replica',
): Promise<Comparison> {
  const { tables, replica, sessions, read } = snapshot;
  const parallel = sessions.length;
  const theirs = await inSessions(
    replica,
    tables,
    { parallel, signal, sessions },
    async (session, table) => read.get(table) ?? (await surveyUnlessAltered(session, table)),
  );
  const ours = await inSessions(server, tables, { parallel, signal }, async (session, table) => {
    const { database, name, checksum } = table;
    return await surveyTable(session, database, name, checksum).catch(unlessRefused);
  });
  const changed = tables.filter((_, i) => theirs[i] === null).map(tableName);
  const differences = tables.flatMap((table, i) => {
    const [there, here] = [theirs[i], ours[i]];
    if (!there) return [];
    if (!here) return [`${tableName(table)} is missing`];
    if (there.rows !== here.rows) {
      return [
        `${tableName(table)} has ${plural(here.rows, 'row')}, on ${where} ${plural(there.rows, 'row')}`,
      ];
    }
    return there.checksum === here.checksum
      ? []
      : [`${tableName(table)} has another checksum than on ${where}`];
  });
  return { compared: tables.length - changed.length, changed, differences };
}

/** The savepoint gives the table's lock back, so that a replicated ALTER waits for this one only. */
async function surveyUnlessAltered(
  session: Session,
  { database, name, checksum }: ComparableTable,
): Promise<SurveyedTable | null> {
  await session.query('SAVEPOINT stillpoint');
  const found = await surveyTable(session, database, name, checksum).catch(unlessRefused);
  await session.query('ROLLBACK TO SAVEPOINT stillpoint');
  return found;
}

/** An error of the server's, such as 1412 and 1146 for a table that was altered or dropped. */
function unlessRefused(error: unknown): null {
  if (errno(error) === 0) throw error;
  return null;
}
