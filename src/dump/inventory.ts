import { identifier, literal } from '../dialect/quote.js';
import { number, text } from '../dialect/rows.js';
import type { Row } from '../dialect/dialect.js';
import { StillpointError, reasonOf } from '../errors.js';
import type { Server } from '../pair/server.js';
import { errno } from '../pair/session.js';

/** Databases of the servers themselves. */
const system = ['mysql', 'information_schema', 'performance_schema', 'sys'];

/** Types that both flavours send and take as text. */
const plainTypes = [
  ...['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'float', 'double'],
  ...['date', 'time', 'datetime', 'timestamp', 'year', 'char', 'varchar', 'enum', 'set'],
  ...['tinytext', 'text', 'mediumtext', 'longtext'],
]
  .map((type) => `'${type}'`)
  .join(', ');

/** Engines whose rows are not dumped: mysqldump itself passes over all but the first. */
const withoutRows = ['MEMORY', 'MRG_MYISAM', 'FEDERATED'];

/** A table as the server lists it. */
export interface TableInfo {
  name: string;
  /** `InnoDB`, `MyISAM`, …; `SEQUENCE` for a sequence of MariaDB. */
  engine: string;
  kind: 'table' | 'sequence';
  /** The server's estimate, not a count. */
  estimatedBytes: number;
  /** Rows of the table are not dumped: it lives in memory only, or shows those of other tables. */
  rowsLeftOut: boolean;
  /** A system-versioned table of MariaDB, which keeps former rows. */
  versioned: boolean;
  /**
   * All its columns are numbers, times and texts, whose bytes can be dumped as they are, and all names
   * are ASCII: MySQL's mysqldump takes other names for latin1 then.
   */
  plain: boolean;
}

/** A database and everything in it that a backup must hold. */
export interface DatabaseInfo {
  name: string;
  /** CREATE DATABASE with character set and collation, from SHOW CREATE DATABASE. */
  create: string;
  tables: TableInfo[];
  /** Tables and views that `exclude` names. */
  excluded: string[];
  views: string[];
  triggers: string[];
  procedures: string[];
  functions: string[];
  /** Of MariaDB, declaration and body. */
  packages: string[];
  packageBodies: string[];
  events: string[];
}

/** Which databases, and which tables of them: names with `*` and `?`; `db.table` in exclude. */
export interface Selection {
  include: readonly string[];
  exclude: readonly string[];
}

/** Reads what there is to dump. */
export async function takeInventory(server: Server, selection: Selection): Promise<DatabaseInfo[]> {
  const databases = (
    await server.query('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA ORDER BY 1')
  )
    .map((row) => text(row, 'name'))
    .filter((name) => !system.includes(name.toLowerCase()) && isSelected(name, selection));
  if (databases.length === 0) {
    throw new StillpointError('config', `no database of the ${server.who} is selected`, {
      hint: 'Check databases.include and databases.exclude, and that the account has a global SELECT.',
    });
  }
  const infos: DatabaseInfo[] = [];
  for (const name of databases) infos.push(await readDatabase(server, name, selection));
  return infos;
}

async function readDatabase(
  server: Server,
  name: string,
  selection: Selection,
): Promise<DatabaseInfo> {
  const inSchema = (column: string) => `BINARY ${column} = ${literal(name)}`;
  const list = async (sql: string) => (await server.query(sql)).map((row) => text(row, 'name'));
  const routines = (type: string) =>
    list(
      `SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES WHERE ${inSchema('ROUTINE_SCHEMA')} AND ROUTINE_TYPE = '${type}' ORDER BY 1`,
    );
  const [created] = await server.query(`SHOW CREATE DATABASE ${identifier(name)}`);
  const tables = await server.query(
    `SELECT TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine, DATA_LENGTH AS bytes
     FROM information_schema.TABLES WHERE ${inSchema('TABLE_SCHEMA')} ORDER BY TABLE_NAME`,
  );
  const notPlain = new Set(
    await list(
      `SELECT DISTINCT TABLE_NAME AS name FROM information_schema.COLUMNS WHERE ${inSchema('TABLE_SCHEMA')}
       AND (DATA_TYPE NOT IN (${plainTypes}) OR CHARACTER_SET_NAME IN ('ucs2', 'utf16', 'utf16le', 'utf32')
            OR LENGTH(COLUMN_NAME) <> CHAR_LENGTH(COLUMN_NAME))`,
    ),
  );
  const isKept = (row: Row) =>
    !selection.exclude.some((pattern) => matches(pattern, `${name}.${text(row, 'name')}`));
  const kept = tables.filter(isKept);
  const excluded = tables.filter((row) => !isKept(row)).map((row) => text(row, 'name'));
  const triggers = await server.query(
    `SELECT TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS ofTable FROM information_schema.TRIGGERS WHERE ${inSchema('TRIGGER_SCHEMA')} ORDER BY 1`,
  );
  return {
    name,
    create: text(created ?? {}, 'Create Database'),
    tables: kept
      .filter((row) => !isView(row))
      .map((row) =>
        tableInfo(row, isAscii(name + text(row, 'name')) && !notPlain.has(text(row, 'name'))),
      ),
    excluded,
    views: kept.filter(isView).map((row) => text(row, 'name')),
    triggers: triggers
      .filter((row) => !excluded.includes(text(row, 'ofTable')))
      .map((row) => text(row, 'name')),
    procedures: await routines('PROCEDURE'),
    functions: await routines('FUNCTION'),
    packages: await routines('PACKAGE'),
    packageBodies: await routines('PACKAGE BODY'),
    events: await list(
      `SELECT EVENT_NAME AS name FROM information_schema.EVENTS WHERE ${inSchema('EVENT_SCHEMA')} ORDER BY 1`,
    ),
  };
}

function isAscii(name: string): boolean {
  return Buffer.byteLength(name) === name.length;
}

function isView(row: Row): boolean {
  return text(row, 'type').endsWith('VIEW');
}

function tableInfo(row: Row, plain: boolean): TableInfo {
  const sequence = text(row, 'type') === 'SEQUENCE';
  const engine = text(row, 'engine');
  return {
    name: text(row, 'name'),
    engine: sequence ? 'SEQUENCE' : engine,
    kind: sequence ? 'sequence' : 'table',
    estimatedBytes: number(row, 'bytes') ?? 0,
    rowsLeftOut: sequence || withoutRows.includes(engine.toUpperCase()),
    versioned: text(row, 'type') === 'SYSTEM VERSIONED',
    plain,
  };
}

function isSelected(database: string, { include, exclude }: Selection): boolean {
  const any = (list: readonly string[]) => list.some((pattern) => matches(pattern, database));
  return any(include) && !any(exclude);
}

/** Whether a pattern with `*` and `?` covers the whole of `name`. */
export function matches(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'su').test(name);
}

/** MariaDB lets nobody see the columns of a view who may not run the functions that it calls. */
function needsExecute(view: string, server: Server, cause: unknown): StillpointError {
  return new StillpointError(
    'refused',
    `the account may not read the view ${view} on the ${server.who}: ${reasonOf(cause)}`,
    {
      hint: 'Run on the source: GRANT EXECUTE ON *.* TO the account of the backup; mysqldump needs it for views that call functions.',
      cause,
    },
  );
}

/**
 * Throws `refused` for a view that cannot be read: mysqldump would end in the middle with error 1356.
 */
export async function refuseBrokenViews(
  server: Server,
  databases: readonly DatabaseInfo[],
): Promise<void> {
  for (const database of databases) {
    for (const view of database.views) {
      const name = `${identifier(database.name)}.${identifier(view)}`;
      await server.query(`SHOW COLUMNS FROM ${name}`).catch((error: unknown) => {
        if (errno(error) === 0) throw error;
        if (errno(error) === 1370) throw needsExecute(name, server, error);
        throw new StillpointError('refused', `the view ${name} is broken: ${reasonOf(error)}`, {
          hint: `Mend or drop it on the source, or leave its database out with databases.exclude: "${database.name}.${view}".`,
          cause: error,
        });
      });
    }
  }
}
