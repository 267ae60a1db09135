import type { Manifest, ManifestTable } from '../catalog/records.js';
import { identifier } from '../dialect/quote.js';
import { number, text } from '../dialect/rows.js';
import { fewRows, readsFor, surveyTable } from '../dump/survey.js';
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

/** Counts the rows of tables, each of which must be there and should have `rows`. */
async function countTables(
  server: Server,
  tables: readonly (TableName & Pick<ManifestTable, 'rows'>)[],
  options: CountOptions,
): Promise<number[]> {
  return await inSessions(server, tables, options, async (session, { database, name, rows }) => {
    await readsFor(session, server.dialect, { small: (rows ?? 0) <= fewRows });
    return (await surveyTable(session, database, name, false)).rows;
  });
}

/** What all databases hold besides rows: what {@link keyOf} makes of each. */
async function listObjects(server: Server, keyOf: KeyOf): Promise<Set<string>> {
  const rows = await server.query(
    `SELECT IF(TABLE_TYPE LIKE '%VIEW', 'view', 'table') AS kind, TABLE_SCHEMA AS ofSchema, TABLE_NAME AS name
       FROM information_schema.TABLES
     UNION ALL SELECT 'trigger', TRIGGER_SCHEMA, TRIGGER_NAME FROM information_schema.TRIGGERS
     UNION ALL SELECT LOWER(ROUTINE_TYPE), ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES
     UNION ALL SELECT 'event', EVENT_SCHEMA, EVENT_NAME FROM information_schema.EVENTS`,
    Infinity,
  );
  const all = rows.map((row) => keyOf(text(row, 'kind'), text(row, 'ofSchema'), text(row, 'name')));
  return new Set(all);
}

type KeyOf = (kind: string, database: string, name: string) => string;

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

  const keyOf = await keysOf(server);
  const wanted = [...tables.map((of) => ({ ...of, kind: 'table' })), ...objects];
  const present = await listObjects(server, keyOf);
  const differences = wanted
    .filter((of) => !present.has(keyOf(of.kind, of.database, of.name)))
    .map((of) => `the ${of.kind} ${identifier(of.database)}.${identifier(of.name)} is missing`);
  if (differences.length > 0) throw differs(server, differences);

  const counts = await countTables(server, tables, options);
  const counted = tables.map((of, i) => ({ ...of, found: counts[i] ?? 0 }));
  differences.push(
    ...counted
      .filter(({ rows, found }) => rows !== null && rows !== found)
      .map(
        ({ database, name, rows, found }) =>
          `${identifier(database)}.${identifier(name)} has ${found} rows, the backup has ${rows ?? 0}`,
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
async function keysOf(server: Server): Promise<KeyOf> {
  const [row] = await server.query('SELECT @@lower_case_table_names AS folds');
  const fold = (name: string) => (number(row ?? {}, 'folds') === 0 ? name : name.toLowerCase());
  return (kind, database, name) => JSON.stringify([kind, fold(database), fold(name)]);
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
