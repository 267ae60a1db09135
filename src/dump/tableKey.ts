import type { Row } from '../dialect/dialect.js';
import { identifier, literal } from '../dialect/quote.js';
import { number, text } from '../dialect/rows.js';
import type { Session } from '../pair/session.js';
import { keyType, type KeyType } from './keyTypes.js';

/** The key by which a table can be cut. */
export interface TableKey {
  /** `database`.`table`, quoted. */
  table: string;
  /** The index's name, as EXPLAIN says it. */
  index: string;
  /** The first columns of it, at least one: names, quoted, and types. */
  columns: string[];
  types: KeyType[];
}

/** More columns would make conditions long and cut no table better. */
const mostColumns = 3;

/**
 * The key by which InnoDB keeps the rows: the primary key, or the unique key without NULLs in its place;
 * up to the first column whose type or order is not one to cut by. Null when there is none, and for
 * other engines, which would look up each row of a range by itself.
 */
export async function tableKey(
  session: Session,
  database: string,
  name: string,
): Promise<TableKey | null> {
  const table = `${identifier(database)}.${identifier(name)}`;
  const engines = await session.query(
    `SELECT ENGINE AS engine FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = ${literal(database)} AND TABLE_NAME = ${literal(name)}`,
  );
  if (!engines.some((row) => text(row, 'engine') === 'InnoDB')) return null;
  const parts = await session.query(`SHOW INDEX FROM ${table}`);
  const index = clusteredBy(parts);
  if (index === null) return null;
  const described = await session.query(`SHOW FULL COLUMNS FROM ${table}`);
  const key: TableKey = { table, index, columns: [], types: [] };
  for (const part of parts.filter((row) => text(row, 'Key_name') === index).slice(0, mostColumns)) {
    const type = typeOf(part, described);
    if (type === null) break;
    key.columns.push(identifier(text(part, 'Column_name')));
    key.types.push(type);
  }
  return key.columns.length > 0 ? key : null;
}

function clusteredBy(parts: readonly Row[]): string | null {
  const names = [...new Set(parts.map((row) => text(row, 'Key_name')))];
  const isUsable = (index: string) =>
    parts
      .filter((row) => text(row, 'Key_name') === index)
      .every(
        (row) =>
          number(row, 'Non_unique') === 0 &&
          !text(row, 'Null').startsWith('Y') &&
          text(row, 'Column_name') !== '' &&
          text(row, 'Sub_part') === '' &&
          text(row, 'Visible') !== 'NO' &&
          text(row, 'Ignored') !== 'YES',
      );
  if (names.includes('PRIMARY')) return 'PRIMARY';
  return names.find(isUsable) ?? null;
}

function typeOf(part: Row, described: readonly Row[]): KeyType | null {
  const name = text(part, 'Column_name');
  const column = described.find((row) => text(row, 'Field') === name);
  const isPlain =
    text(part, 'Index_type') === 'BTREE' &&
    text(part, 'Sub_part') === '' &&
    text(part, 'Collation') === 'A' &&
    // mysqldump repeats the condition in a comment, which a line end would leave.
    !/\p{Cc}/u.test(name);
  if (column === undefined || !isPlain) return null;
  return keyType(text(column, 'Type').toLowerCase(), text(column, 'Collation') || null);
}
