import type { ManifestTable } from '../catalog/records.js';
import { number, text } from '../dialect/rows.js';
import { fewRows, readsFor, surveyTable, type SurveyedTable } from '../dump/survey.js';
import { inSessions, type InSessionsOptions } from '../pair/inSessions.js';
import type { Server } from '../pair/server.js';
import { errno } from '../pair/session.js';
import { plural, tableName } from './words.js';
import type { Evidence } from './evidence.js';

/** A table as it was found in a restored server. */
export interface ComparedTable {
  database: string;
  name: string;
  /** Null when its rows were not in the backup, or it is missing. */
  rows: number | null;
  /** As the server stores it, with indexes. */
  bytes: number;
  equal: boolean;
}

/**
 * Counts the rows of every table of a backup in the restored server, and sums them up where the backup
 * has a checksum that can be compared (`checksums`). Both become checks.
 */
export async function compareTables(
  server: Server,
  tables: readonly ManifestTable[],
  options: InSessionsOptions & { checksums: boolean },
  evidence: Evidence,
): Promise<ComparedTable[]> {
  const held = tables.filter((table) => table.rows !== null);
  const isSummed = ({ checksum }: ManifestTable) => options.checksums && checksum !== null;
  const found = await inSessions(server, held, options, async (session, table) => {
    await readsFor(session, server.dialect, { small: (table.rows ?? 0) <= fewRows });
    // One that is missing differs like any other.
    return await surveyTable(session, table.database, table.name, isSummed(table)).catch(
      (error: unknown) => {
        if (errno(error) === 0) throw error;
        return null;
      },
    );
  });
  const rows = held.map((table, i) => rowsDiffer(table, found[i] ?? null));
  const total = held.reduce((sum, table) => sum + (table.rows ?? 0), 0);
  const counted = `${plural(held.length, 'table')} with ${plural(total, 'row')}, as counted in the backup`;
  evidence.compared('rows', rows.filter(isText), counted);

  const summed = held.filter(isSummed).length;
  const sums = held.map((table, i) =>
    isSummed(table) ? checksumDiffers(table, found[i] ?? null) : null,
  );
  if (summed > 0) {
    const good = `of ${plural(summed, 'table')}, as taken in the backup`;
    evidence.compared('checksums', sums.filter(isText), good);
  }

  const sizes = await sizesOf(server);
  const bytesOf = (table: ManifestTable) => sizes.get(tableName(table)) ?? 0;
  return [
    ...held.map((table, i) => ({
      database: table.database,
      name: table.name,
      rows: found[i]?.rows ?? null,
      bytes: bytesOf(table),
      equal: rows[i] === null && sums[i] === null,
    })),
    ...tables
      .filter((table) => table.rows === null)
      .map(({ database, name }) => ({ database, name, rows: null, bytes: 0, equal: true })),
  ];
}

const isText = (value: string | null): value is string => value !== null;

function rowsDiffer(wanted: ManifestTable, found: SurveyedTable | null): string | null {
  if (!found) return `${tableName(wanted)} is missing`;
  if (found.rows === wanted.rows) return null;
  return `${tableName(wanted)} has ${plural(found.rows, 'row')}, the backup recorded ${plural(wanted.rows ?? 0, 'row')}`;
}

function checksumDiffers(wanted: ManifestTable, found: SurveyedTable | null): string | null {
  if (!found || found.checksum === wanted.checksum) return null;
  return `${tableName(wanted)} has the checksum ${found.checksum ?? 'none'}, the backup recorded ${wanted.checksum ?? 'none'}`;
}

async function sizesOf(server: Server): Promise<Map<string, number>> {
  const rows = await server.query(
    'SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name, DATA_LENGTH + INDEX_LENGTH AS bytes FROM information_schema.TABLES',
  );
  return new Map(
    rows.map((row) => [
      tableName({ database: text(row, 'db'), name: text(row, 'name') }),
      number(row, 'bytes') ?? 0,
    ]),
  );
}
