import type { Pair } from '../rig/pair.js';
import { onBoth } from './onBoth.js';
import { fillSmall } from './smallTables.js';
import { fillSysbench } from './sysbench.js';
import { fillWide } from './wideTables.js';

export const dataSets = ['uniform', 'huge', 'small', 'wide'] as const;
/** What the database `sbtest` looks like. */
export type DataSet = (typeof dataSets)[number];

/** Seconds that the replica may take to write what the source wrote. */
const patience = 3600;
/** How many tables the data sets `uniform` and `wide` have. */
const several = 4;

/**
 * Fills `sbtest` at the source, and returns when the replica has it too. `rows` are those of a uniform
 * table, about 200 bytes of SQL each; `huge` has as many in one table, `wide` as many bytes in fewer rows.
 */
export async function fill(
  pair: Pair,
  data: DataSet,
  { rows, tables }: { rows: number; tables: number },
): Promise<void> {
  if (data === 'uniform') await fillSysbench(pair.source, { tables: several, rows });
  if (data === 'huge') await fillSysbench(pair.source, { tables: 1, rows: rows * several });
  if (data === 'small') await fillSmall(pair, tables);
  if (data === 'wide') await fillWide(pair, { tables: several, bytes: rows * 200 });
  await pair.waitForCatchUp(pair.replica, patience);
  // Right after it was filled, the statistics of a large table are those of a small one.
  if (data !== 'small') await analyze(pair);
}

async function analyze(pair: Pair): Promise<void> {
  const tables = await pair.source.query<{ name: string }>(
    "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'sbtest'",
  );
  const names = tables.map(({ name }) => `sbtest.${name}`).join();
  await onBoth(pair, () => [`ANALYZE TABLE ${names}`]);
}
