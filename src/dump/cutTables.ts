import type { Server } from '../pair/server.js';
import { hashOf } from './definitions.js';
import { isMvcc, type DatabaseInfo, type TableInfo } from './inventory.js';
import { keyRanges } from './ranges.js';

/** A large table whose rows are dumped by several mysqldumps at once. */
export interface CutTable {
  database: string;
  name: string;
  /** Conditions, for as long as the table's definition is what it was: each row meets just one of them. */
  ranges: string[];
  /** Hash of that definition. */
  definition: string;
}

/** Less than this is not worth a process of its own. */
const leastBytes = 64 * 1024 * 1024;
/** A table may be larger than its share by this much of it, before it is cut. */
const tolerance = 0.25;

/**
 * Cuts each table that is larger than a `shares`-th of all rows into key ranges of about that size, so that no
 * process has most of the work. `partBytes`: tables up to this size stay whole, if it is less than 64 MiB.
 * Takes some hundred short statements for each table that is cut.
 */
export async function cutTables(
  server: Server,
  databases: readonly DatabaseInfo[],
  { shares, partBytes }: { shares: number; partBytes: number },
): Promise<CutTable[]> {
  const tables = databases.flatMap((database) =>
    database.tables.filter(isCuttable).map((table) => ({ database: database.name, ...table })),
  );
  const total = tables.reduce((sum, { estimatedBytes }) => sum + estimatedBytes, 0);
  const share = Math.max(total / shares, Math.min(leastBytes, partBytes));
  const large = tables
    .map((table) => ({ ...table, pieces: Math.ceil(table.estimatedBytes / share - tolerance) }))
    .filter(({ pieces }) => pieces > 1);
  if (large.length === 0) return [];
  const session = await server.session();
  try {
    const cut: CutTable[] = [];
    for (const { database, name, pieces } of large) {
      const definition = await hashOf(session, database, 'table', name);
      const ranges = await keyRanges(session, database, name, pieces);
      if (definition === null || ranges.length < 2) continue;
      cut.push({ database, name, ranges, definition });
    }
    return cut;
  } finally {
    session.destroy();
  }
}

/** Whether the tables are still defined as they were when they were cut. */
export async function areStillCut(server: Server, cuts: readonly CutTable[]): Promise<boolean> {
  if (cuts.length === 0) return true;
  const session = await server.session();
  try {
    for (const { database, name, definition } of cuts) {
      if ((await hashOf(session, database, 'table', name)) !== definition) return false;
    }
    return true;
  } finally {
    session.destroy();
  }
}

/** Not those that keep former rows: whether mysqldump's condition is asked of them all was not tried. */
function isCuttable(table: TableInfo): boolean {
  return isMvcc(table) && !table.rowsLeftOut && !table.versioned;
}
