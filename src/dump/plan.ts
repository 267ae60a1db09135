import type { CutTable } from './cutTables.js';
import type { Expected } from './dumpText.js';
import { isMvcc, type DatabaseInfo, type TableInfo } from './inventory.js';

/** What a part holds, in the order in which a restore loads them. */
export const partKinds = ['schema', 'data', 'objects', 'views', 'accounts'] as const;
export type PartKind = (typeof partKinds)[number];

/** One object of the store to be: what goes into it and what its text must show. */
export interface PartPlan {
  kind: Exclude<PartKind, 'accounts'>;
  database: string;
  /** Tables, sequences or views that are named to mysqldump; with programs those that it looks through for triggers. */
  tables: string[];
  /** Tables that mysqldump is told to pass over. */
  ignored: string[];
  /** The one table whose rows these are; null when several small ones share the part. */
  ofTable: string | null;
  /** Its rows may be dumped in the bytes that the server stores. */
  plain: boolean;
  /** Its rows can be read from a snapshot (InnoDB) while the server goes on. */
  mvcc: boolean;
  /** Which of the one table's rows, in SQL; null for all. */
  where: string | null;
  /** Counts the parts of one kind of a database, or those of the one table, from 1. */
  index: number;
  /** What `index` grows by from one part of the same rows to the next. */
  step: number;
  expected: Expected[];
  estimatedBytes: number;
}

/** Tables smaller than this share a part until it has reached it. */
export const smallBytes = 8 * 1024 * 1024;
/** Of one mysqldump that reads definitions: each takes milliseconds, and so several share the work. */
const mostDefinitions = 1000;
/** Names given to one mysqldump: the kernel takes 2 MiB of arguments. */
export const argumentBytes = 256 * 1024;

/**
 * Plans the parts of a dump, the largest data first, so that no long one starts last. The tables in `cuts`
 * have a part for each of their ranges.
 */
export function planParts(
  databases: readonly DatabaseInfo[],
  cuts: readonly CutTable[] = [],
): PartPlan[] {
  const parts = databases.flatMap((database) => [
    ...schemaParts(database),
    ...dataParts(
      database,
      cuts.filter((cut) => cut.database === database.name),
    ),
    ...objectParts(database),
    ...viewParts(database),
  ]);
  return parts.sort((a, b) => b.estimatedBytes - a.estimatedBytes);
}

function schemaParts({ name, tables }: DatabaseInfo): PartPlan[] {
  // Sequences first: a column's default may draw from one.
  const ordered = [...tables].sort(
    (a, b) => Number(b.kind === 'sequence') - Number(a.kind === 'sequence'),
  );
  return chunks(ordered, 0, mostDefinitions).map((chunk, i) => ({
    ...part('schema', name, chunk, i + 1),
    expected: chunk.map((table) => ({ kind: table.kind, name: table.name })),
    estimatedBytes: 0,
  }));
}

function dataParts({ name, tables }: DatabaseInfo, cuts: readonly CutTable[]): PartPlan[] {
  const rangesOf = new Map(cuts.map((cut) => [cut.name, cut.ranges]));
  const all = tables.filter((table) => !table.rowsLeftOut);
  const withRows = all.filter((table) => !rangesOf.has(table.name));
  const large = withRows.filter((table) => table.estimatedBytes >= smallBytes);
  const small = withRows.filter((table) => table.estimatedBytes < smallBytes);
  const groups = [
    ...large.map((table) => [table]),
    ...[true, false].flatMap((plain) =>
      [true, false].flatMap((mvcc) =>
        chunks(
          small.filter((table) => table.plain === plain && isMvcc(table) === mvcc),
          smallBytes,
        ),
      ),
    ),
  ];
  const whole = groups.map((group, i) => rowsOf(name, group, group.length === 1 ? 1 : i + 1));
  const cut = all.flatMap((table) => {
    const ranges = rangesOf.get(table.name) ?? [];
    return ranges.map((where, i) => {
      const rows = rowsOf(name, [table], i + 1);
      return {
        ...rows,
        where,
        step: ranges.length,
        estimatedBytes: rows.estimatedBytes / ranges.length,
      };
    });
  });
  return [...whole, ...cut];
}

function rowsOf(database: string, tables: readonly TableInfo[], index: number): PartPlan {
  const [only, second] = tables;
  return {
    ...part('data', database, tables, index),
    ofTable: second ? null : (only?.name ?? null),
    plain: tables.every((table) => table.plain),
    mvcc: tables.every(isMvcc),
    expected: tables.map((table) => ({ kind: 'rows', name: table.name })),
    estimatedBytes: tables.reduce((sum, table) => sum + table.estimatedBytes, 0),
  };
}

function objectParts(database: DatabaseInfo): PartPlan[] {
  const { name, triggers, procedures, functions, packages, packageBodies, events } = database;
  const of = (kind: Expected['kind'], names: readonly string[]) =>
    names.map((object): Expected => ({ kind, name: object }));
  const expected = [
    ...of('trigger', triggers),
    ...of('procedure', procedures),
    ...of('function', functions),
    ...of('package', packages),
    ...of('package body', packageBodies),
    ...of('event', events),
  ];
  if (expected.length === 0) return [];
  const tables = askedFor(database);
  return [{ ...part('objects', name, tables, 1), ignored: database.excluded, expected }];
}

/**
 * What mysqldump, which asks much for every table, is given to dump programs: tables that have triggers, else any
 * one. None where those are too many to name, or not listed under the names that triggers give: it takes all then.
 */
function askedFor({ tables, triggered }: DatabaseInfo): TableInfo[] {
  if (triggered.length === 0) return tables.slice(0, 1);
  const own = new Set(triggered);
  const listed = tables.filter(({ name }) => own.has(name));
  const [asked = [], more] = chunks(listed, 0);
  return more || listed.length < own.size ? [] : asked;
}

function viewParts({ name, views }: DatabaseInfo): PartPlan[] {
  if (views.length === 0) return [];
  return [
    {
      ...part('views', name, [], 1),
      tables: views,
      expected: views.map((view) => ({ kind: 'view', name: view })),
    },
  ];
}

function part(
  kind: PartPlan['kind'],
  database: string,
  tables: readonly TableInfo[],
  index: number,
): PartPlan {
  return {
    kind,
    database,
    tables: tables.map((table) => table.name),
    ignored: [],
    ofTable: null,
    plain: false,
    mvcc: false,
    where: null,
    index,
    step: 1,
    expected: [],
    estimatedBytes: 0,
  };
}

/** Groups tables, in order, up to a number of bytes (0: any), and so many that their names fit a command line. */
function chunks(
  tables: readonly TableInfo[],
  maxBytes: number,
  maxTables = Infinity,
): TableInfo[][] {
  const groups: TableInfo[][] = [];
  let bytes = Infinity;
  let names = Infinity;
  for (const table of tables) {
    const nameBytes = Buffer.byteLength(table.name) + 1;
    const full =
      (maxBytes > 0 && bytes + table.estimatedBytes > maxBytes) ||
      groups.at(-1)?.length === maxTables;
    if (groups.length === 0 || full || names + nameBytes > argumentBytes) {
      groups.push([]);
      bytes = 0;
      names = 0;
    }
    groups.at(-1)?.push(table);
    bytes += table.estimatedBytes;
    names += nameBytes;
  }
  return groups;
}
