import { identifier } from '../dialect/quote.js';
import { number, text } from '../dialect/rows.js';
import type { Server } from '../pair/server.js';
import type { Session } from '../pair/session.js';
import type { Dialect } from '../dialect/dialect.js';
import { smallBytes, type PartPlan } from './plan.js';

/** What was counted of a table while it stood still. */
export interface SurveyedTable {
  database: string;
  name: string;
  rows: number;
  /**
   * CHECKSUM TABLE: a sum over all rows that does not depend on their order, comparable between
   * servers of one flavour and major version. Null when it was not taken or the engine has none.
   */
  checksum: string | null;
}

/** Counts a table's rows and, on request, takes its checksum. Reads the whole table once for each. */
export async function surveyTable(
  session: Session,
  database: string,
  name: string,
  checksums: boolean,
): Promise<SurveyedTable> {
  const table = `${identifier(database)}.${identifier(name)}`;
  const [counted] = await session.query(`SELECT COUNT(*) AS n FROM ${table}`, Infinity);
  const [summed] = checksums ? await session.query(`CHECKSUM TABLE ${table}`, Infinity) : [];
  return {
    database,
    name,
    rows: number(counted ?? {}, 'n') ?? 0,
    checksum: text(summed ?? {}, 'Checksum') || null,
  };
}

/** Makes one thread count what is small, as many as the server begins with all else. */
export async function readsFor(
  session: Session,
  { readThreads }: Pick<Dialect, 'readThreads'>,
  { small }: { small: boolean },
): Promise<void> {
  if (readThreads === null) return;
  await session.query(`SET SESSION ${readThreads} = ${small ? 1 : 'DEFAULT'}`);
}

/** Rows. A table that has no more is small, whatever is in them. */
export const fewRows = 10_000;

/** Tells of which tables a checksum means something. The server is asked once, for all. */
export async function readStable({
  dialect,
  query,
}: Pick<Server, 'dialect' | 'query'>): Promise<IsStable> {
  const sql = dialect.unstableChecksums;
  const rows = sql === null ? [] : await query(sql);
  const key = (database: string, name: string) => JSON.stringify([database, name]);
  const unstable = new Set(rows.map((row) => key(text(row, 'ofSchema'), text(row, 'name'))));
  return (database, name) => !unstable.has(key(database, name));
}

export type IsStable = (database: string, name: string) => boolean;

/** Counts the tables of a part, and takes the checksums of those that `isSummed` says yes to. */
export async function surveyPart(
  session: Session,
  dialect: Pick<Dialect, 'readThreads'>,
  { database, tables: names, estimatedBytes }: PartPlan,
  { isSummed, signal }: { isSummed: IsStable; signal: AbortSignal },
): Promise<SurveyedTable[]> {
  await readsFor(session, dialect, { small: estimatedBytes < smallBytes });
  const tables: SurveyedTable[] = [];
  for (const name of names) {
    signal.throwIfAborted();
    tables.push(await surveyTable(session, database, name, isSummed(database, name)));
  }
  return tables;
}
