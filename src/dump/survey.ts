import { identifier } from '../dialect/quote.js';
import { number, text } from '../dialect/rows.js';
import type { Session } from '../pair/session.js';
import type { Dialect } from '../dialect/dialect.js';
import type { PartPlan } from './plan.js';

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

/** Counts the tables of a part, and takes their checksums where those are wanted and mean something. */
export async function surveyPart(
  session: Session,
  dialect: Dialect,
  { database, tables: names }: PartPlan,
  { checksums, signal }: { checksums: boolean; signal: AbortSignal },
): Promise<SurveyedTable[]> {
  const unstable = dialect.unstableChecksums(database);
  const rows = unstable === null ? [] : await session.query(unstable);
  const isStable = (name: string) => !rows.some((row) => text(row, 'name') === name);
  const tables: SurveyedTable[] = [];
  for (const name of names) {
    signal.throwIfAborted();
    tables.push(await surveyTable(session, database, name, checksums && isStable(name)));
  }
  return tables;
}
