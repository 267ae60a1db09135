import type { RigServer } from '../server.js';
import { literal, quoted } from './names.js';

/** What a server holds: a text for the definition of every object and a sum over every table's rows. */
export type Digest = Record<string, string>;

type Row = Record<string, string | number | null>;

const system = "('mysql', 'sys', 'information_schema', 'performance_schema')";

/** Reads every object's definition and every row through queries, of all databases or of these. */
export async function digest(server: RigServer, databases?: readonly string[]): Promise<Digest> {
  const connection = await server.connect();
  const query = async (sql: string): Promise<Row[]> => {
    const [rows] = await connection.query(sql);
    return rows as Row[];
  };
  const result: Digest = {};
  try {
    await query("SET time_zone = '+00:00', sql_mode = '', group_concat_max_len = 1000000");
    const all = (
      await query(
        `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ${system}`,
      )
    ).map((row) => String(row['name']));
    for (const name of databases ?? all) {
      if (all.includes(name)) await digestDatabase(query, name, result);
    }
  } finally {
    await connection.end();
  }
  return result;
}

/** One line for everything that differs; empty when nothing does. */
export function diffDigests(expected: Digest, actual: Digest): string[] {
  const lines: string[] = [];
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const [a, b] = [expected[key], actual[key]];
    if (a === undefined) lines.push(`${key}: should not be there`);
    else if (b === undefined) lines.push(`${key}: is missing`);
    else if (a !== b) {
      let at = 0;
      while (a[at] === b[at]) at += 1;
      const part = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 30), at + 60));
      lines.push(`${key}: ${part(a)} became ${part(b)}`);
    }
  }
  return lines;
}

async function digestDatabase(
  query: (sql: string) => Promise<Row[]>,
  name: string,
  result: Digest,
): Promise<void> {
  const db = quoted(name);
  const isOf = (column: string) => `BINARY ${column} = BINARY ${literal(name)}`;
  const [created] = await query(`SHOW CREATE DATABASE ${db}`);
  result[`database ${db}`] = String(created?.['Create Database']);
  const tables = await query(
    `SELECT TABLE_NAME AS name, TABLE_TYPE AS type FROM information_schema.TABLES WHERE ${isOf('TABLE_SCHEMA')}`,
  );
  for (const row of tables) {
    const table = `${db}.${quoted(String(row['name']))}`;
    const kind = String(row['type']).endsWith('VIEW') ? 'view' : 'table';
    const [shown] = await query(`SHOW CREATE TABLE ${table}`);
    result[`${kind} ${table}`] = definition(shown);
    if (row['type'] === 'SEQUENCE') {
      result[`next of ${table}`] = JSON.stringify(await query(`SELECT * FROM ${table}`));
    } else if (kind === 'table') {
      const versioned = row['type'] === 'SYSTEM VERSIONED' ? ' FOR SYSTEM_TIME ALL' : '';
      result[`rows ${table}`] = await sumOfRows(
        query,
        name,
        String(row['name']),
        table + versioned,
      );
    }
  }
  const programs: [string, string, string][] = [
    ['TRIGGER', 'TRIGGER_NAME', `TRIGGERS WHERE ${isOf('TRIGGER_SCHEMA')}`],
    ['EVENT', 'EVENT_NAME', `EVENTS WHERE ${isOf('EVENT_SCHEMA')}`],
    ...['PROCEDURE', 'FUNCTION', 'PACKAGE', 'PACKAGE BODY'].map(
      (type): [string, string, string] => [
        type,
        'ROUTINE_NAME',
        `ROUTINES WHERE ${isOf('ROUTINE_SCHEMA')} AND ROUTINE_TYPE = '${type}'`,
      ],
    ),
  ];
  for (const [kind, column, from] of programs) {
    for (const row of await query(`SELECT ${column} AS name FROM information_schema.${from}`)) {
      const program = `${db}.${quoted(String(row['name']))}`;
      const [shown] = await query(`SHOW CREATE ${kind} ${program}`);
      result[`${kind.toLowerCase()} ${program}`] = definition(shown);
    }
  }
}

/**
 * All that is shown but when a trigger was made, and whether an event is on: a
 * replica has them all off. MySQL shows
 * the character set of a column only if it was named, though its collation implies it. A
 * semicolon at the end of a program means nothing.
 */
function definition(shown: Row | undefined): string {
  return JSON.stringify({ ...shown, Created: null })
    .replaceAll(/ DISABLE(?: ON (?:SLAVE|REPLICA))?(?= )/g, ' ENABLE')
    .replaceAll(/[; ]+(?=",)/g, '')
    .replaceAll(/ CHARACTER SET (\w+)(?= COLLATE \1_)/g, '');
}

/** Number of rows, and the sum of a hash of each: order does not matter, duplicates do. */
async function sumOfRows(
  query: (sql: string) => Promise<Row[]>,
  database: string,
  table: string,
  from: string,
): Promise<string> {
  const columns = await query(
    `SELECT COLUMN_NAME AS name, DATA_TYPE AS type FROM information_schema.COLUMNS
     WHERE BINARY TABLE_SCHEMA = BINARY ${literal(database)} AND BINARY TABLE_NAME = BINARY ${literal(table)} ORDER BY ORDINAL_POSITION`,
  );
  const hashes = columns.map((column) => {
    const bytes = exact(quoted(String(column['name'])), String(column['type']));
    return `IFNULL(SHA2(${bytes}, 256), 'NULL')`;
  });
  const row = `SHA2(CONCAT_WS('|', ${hashes.join(', ')}), 256)`;
  const sums = [1, 16].map(
    (at) => `SUM(CAST(CONV(SUBSTRING(${row}, ${at}, 15), 16, 10) AS DECIMAL(30)))`,
  );
  return JSON.stringify(await query(`SELECT COUNT(*), ${sums.join(', ')} FROM ${from}`));
}

/** A column's value as bytes that differ when the value does. */
function exact(column: string, type: string): string {
  switch (type) {
    case 'float':
    case 'double':
      return `CONCAT(${column} + 0e0)`;
    case 'bit':
      return `CONCAT(${column} + 0)`;
    case 'json':
      return `CAST(${column} AS CHAR)`;
    default:
      return `HEX(${column})`;
  }
}
