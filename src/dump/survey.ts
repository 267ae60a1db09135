import { identifier } from '../dialect/quote.js';
import { number, text } from '../dialect/rows.js';
import type { Session } from '../pair/session.js';

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
