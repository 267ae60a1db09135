import type { Manifest } from '../catalog/records.js';
import { identifier, literal } from '../dialect/quote.js';
import { number, text } from '../dialect/rows.js';
import { StillpointError } from '../errors.js';
import { inSessions, type InSessionsOptions } from '../pair/inSessions.js';
import type { Server } from '../pair/server.js';
import { nameIn } from './loadPart.js';
import type { Renames } from './rename.js';
import type { RestoreSelection } from './selection.js';

/** A table of a server. */
export interface TableName {
  database: string;
  name: string;
}

export type CountOptions = Pick<InSessionsOptions, 'parallel' | 'signal'>;

/** Counts the rows of tables, each of which must be there; answers by the given objects. */
export async function countTables<T extends TableName>(
  server: Server,
  tables: readonly T[],
  options: CountOptions,
): Promise<Map<T, number>> {
  const counts = await inSessions(server, tables, options, async (session, { database, name }) => {
    const from = `${identifier(database)}.${identifier(name)}`;
    const [row] = await session.query(`SELECT COUNT(*) AS n FROM ${from}`, Infinity);
    return number(row ?? {}, 'n') ?? 0;
  });
  return new Map(tables.map((table, i) => [table, counts[i] ?? 0]));
}

/** What a database holds besides rows, each as `view name`, `trigger name`, … */
export async function listObjects(server: Server, database: string): Promise<Set<string>> {
  const of = (column: string) => `BINARY ${column} = ${literal(database)}`;
  const rows = await server.query(
    `SELECT IF(TABLE_TYPE LIKE '%VIEW', 'view', 'table') AS kind, TABLE_NAME AS name
       FROM information_schema.TABLES WHERE ${of('TABLE_SCHEMA')}
     UNION ALL SELECT 'trigger', TRIGGER_NAME FROM information_schema.TRIGGERS WHERE ${of('TRIGGER_SCHEMA')}
     UNION ALL SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME FROM information_schema.ROUTINES WHERE ${of('ROUTINE_SCHEMA')}
     UNION ALL SELECT 'event', EVENT_NAME FROM information_schema.EVENTS WHERE ${of('EVENT_SCHEMA')}`,
    Infinity,
  );
  return new Set(rows.map((row) => `${text(row, 'kind')} ${text(row, 'name')}`));
}

/** What was compared, and was equal. */
export interface Checked {
  tables: number;
  /** In the tables whose rows the backup has. */
  rows: number;
  /** Views, triggers, routines and events. */
  objects: number;
}

/**
 * Compares a restored server with the manifest: every table and its number of rows, and that every
 * view, trigger, routine and event is there. Throws `verification` with the first difference.
 */
export async function checkRestored(
  server: Server,
  manifest: Manifest,
  { databases, table }: RestoreSelection,
  options: CountOptions & { renames: Renames },
): Promise<Checked> {
  const { renames } = options;
  const named = (name: string) => nameIn({ renames }, name);
  const tables = manifest.tables
    .filter((of) => databases.includes(of.database) && (table === null || of.name === table))
    .map((of) => ({ ...of, database: named(of.database) }));
  const objects = table === null ? objectsOf(manifest, databases, named) : [];

  const fold = await nameFold(server);
  const wanted = [...tables.map((of) => ({ ...of, kind: 'table' })), ...objects];
  const present = new Map<string, Set<string>>();
  for (const database of new Set(wanted.map((of) => of.database))) {
    const found = await listObjects(server, database);
    present.set(database, new Set([...found].map(fold)));
  }
  const differences = wanted
    .filter((of) => !present.get(of.database)?.has(fold(`${of.kind} ${of.name}`)))
    .map((of) => `the ${of.kind} ${identifier(of.database)}.${identifier(of.name)} is missing`);
  if (differences.length > 0) throw differs(server, differences);

  const counts = await countTables(server, tables, options);
  const counted = tables.filter(({ rows }) => rows !== null);
  differences.push(
    ...counted
      .filter((of) => counts.get(of) !== of.rows)
      .map(
        (of) =>
          `${identifier(of.database)}.${identifier(of.name)} has ${counts.get(of) ?? 0} rows, the backup has ${of.rows ?? 0}`,
      ),
  );
  if (differences.length > 0) throw differs(server, differences);
  const rows = counted.reduce((sum, of) => sum + (of.rows ?? 0), 0);
  return { tables: tables.length, rows, objects: objects.length };
}

function objectsOf(
  manifest: Manifest,
  databases: readonly string[],
  named: (name: string) => string,
): (TableName & { kind: string })[] {
  return manifest.databases
    .filter(({ name }) => databases.includes(name))
    .flatMap((of) =>
      Object.entries({
        view: of.views,
        trigger: of.triggers,
        procedure: of.procedures,
        function: of.functions,
        package: of.packages,
        event: of.events,
      }).flatMap(([kind, names]) =>
        names.map((name) => ({ kind, database: named(of.name), name })),
      ),
    );
}

/** A server with lower_case_table_names stores other names than it was given. */
async function nameFold(server: Server): Promise<(name: string) => string> {
  const [row] = await server.query('SELECT @@lower_case_table_names AS folds');
  return number(row ?? {}, 'folds') === 0 ? (name) => name : (name) => name.toLowerCase();
}

function differs(server: Server, differences: readonly string[]): StillpointError {
  const more = differences.length > 1 ? `, and ${differences.length - 1} more differ` : '';
  return new StillpointError(
    'verification',
    `the ${server.who} is not what the backup holds: ${differences[0] ?? ''}${more}`,
    {
      hint: 'Did something write to it meanwhile? Restore again with --replace; `stillpoint verify ID` checks what is stored.',
    },
  );
}
