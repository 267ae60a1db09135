import { identifier, literal } from '../dialect/quote.js';
import { number, text } from '../dialect/rows.js';
import type { Row } from '../dialect/dialect.js';
import { StillpointError } from '../errors.js';
import type { Server } from '../pair/server.js';

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
  /** In the order in which mysqldump, given the database, takes them, where it may be given one of many tables. */
  tables: TableInfo[];
  /** Tables and views that `exclude` names. */
  excluded: string[];
  views: string[];
  triggers: string[];
  /** Tables that have triggers. */
  triggered: string[];
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

/** More tables of one database than this are not named to mysqldump where names are slow. */
export const manyTables = 100;

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
  return await readDatabases(server, databases, selection);
}

/** Asks for all at once: MariaDB looks through every database for each question. */
async function readDatabases(
  server: Server,
  names: readonly string[],
  { exclude }: Selection,
): Promise<DatabaseInfo[]> {
  const list = names.map(literal).join(', ');
  /** Ordered by the first of the columns. No DISTINCT: `T` and `t` count as one in these views. */
  const rowsOf = async (from: string, schema: string, columns: string, and = '') =>
    groupBy(
      await server.query(
        `SELECT ${schema} AS ofSchema, ${columns} FROM information_schema.${from}
         WHERE BINARY ${schema} IN (${list}) ${and} ORDER BY 2`,
      ),
    );
  const tables = await rowsOf(
    'TABLES',
    'TABLE_SCHEMA',
    'TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine, DATA_LENGTH AS bytes',
  );
  const notPlain = await rowsOf(
    'COLUMNS',
    'TABLE_SCHEMA',
    'TABLE_NAME AS name',
    `AND (DATA_TYPE NOT IN (${plainTypes})
       OR CHARACTER_SET_NAME IN ('ucs2', 'utf16', 'utf16le', 'utf32')
       OR LENGTH(COLUMN_NAME) <> CHAR_LENGTH(COLUMN_NAME))`,
  );
  const triggers = await rowsOf(
    'TRIGGERS',
    'TRIGGER_SCHEMA',
    'TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS ofTable',
  );
  const routines = await rowsOf(
    'ROUTINES',
    'ROUTINE_SCHEMA',
    'ROUTINE_NAME AS name, ROUTINE_TYPE AS type',
  );
  const events = await rowsOf('EVENTS', 'EVENT_SCHEMA', 'EVENT_NAME AS name');

  const infos: DatabaseInfo[] = [];
  for (const name of names) {
    const [created] = await server.query(`SHOW CREATE DATABASE ${identifier(name)}`);
    const isKept = (table: string) =>
      !exclude.some((pattern) => matches(pattern, `${name}.${table}`));
    const all = await asListed(server, name, tables(name));
    const kept = all.filter((row) => isKept(text(row, 'name')));
    const excluded = all.map(nameOf).filter((table) => !isKept(table));
    const withOther = new Set(notPlain(name).map(nameOf));
    const triggersOf = triggers(name).filter((row) => !excluded.includes(text(row, 'ofTable')));
    const isPlain = (table: string) => isAscii(name + table) && !withOther.has(table);
    const ofType = (type: string) =>
      routines(name)
        .filter((row) => text(row, 'type') === type)
        .map(nameOf);
    infos.push({
      name,
      create: text(created ?? {}, 'Create Database'),
      tables: kept
        .filter((row) => !isView(row))
        .map((row) => tableInfo(row, isPlain(text(row, 'name')))),
      excluded,
      views: kept.filter(isView).map(nameOf),
      triggers: triggersOf.map(nameOf),
      triggered: [...new Set(triggersOf.map((row) => text(row, 'ofTable')))],
      procedures: ofType('PROCEDURE'),
      functions: ofType('FUNCTION'),
      packages: ofType('PACKAGE'),
      packageBodies: ofType('PACKAGE BODY'),
      events: events(name).map(nameOf),
    });
  }
  return infos;
}

/** Tables in the order of SHOW TABLES, which mysqldump asks for: names that only case tells apart have none else. */
async function asListed(
  server: Server,
  database: string,
  tables: readonly Row[],
): Promise<readonly Row[]> {
  if (!server.dialect.namesAreSlow || tables.length < manyTables) return tables;
  const listed = await server.query(`SHOW TABLES FROM ${identifier(database)}`);
  const place = new Map(listed.map((row, i) => [String(Object.values(row)[0]), i]));
  const placeOf = (row: Row) => place.get(nameOf(row)) ?? Infinity;
  return [...tables].sort((a, b) => placeOf(a) - placeOf(b));
}

/** The rows of each database, in their order. */
function groupBy(rows: readonly Row[]): (database: string) => readonly Row[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = text(row, 'ofSchema');
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  return (database) => groups.get(database) ?? [];
}

function nameOf(row: Row): string {
  return text(row, 'name');
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

/** Whether rows of the table can be read from a snapshot. */
export function isMvcc({ engine }: TableInfo): boolean {
  return engine === 'InnoDB';
}

/** Whether a pattern with `*` and `?` covers the whole of `name`. */
export function matches(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'su').test(name);
}
