import fc from 'fast-check';
import { execa } from 'execa';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dialectOf } from '../../src/dialect/index.js';
import { dumpCommand } from '../../src/dump/mysqldump.js';
import { planParts } from '../../src/dump/plan.js';
import { keyRanges } from '../../src/dump/ranges.js';
import { findClient } from '../../src/dump/tools.js';
import { connect, type Session } from '../../src/pair/session.js';
import { engine, target, tools } from '../rig/shared.js';
import { database, table } from '../unit/dump/databases.js';
import { keyedTables, type KeyedTable } from '../support/keyedTables.js';

const newest = engine === 'mysql' ? 'utf8mb4_0900_ai_ci' : 'utf8mb4_uca1400_ai_ci';
const bigRows = 50_000;

let session: Session;
/** A session as mysqldump opens it for text, and one as for bytes. */
let readers: Connection[];

beforeAll(async () => {
  session = await connect({ ...target, user: 'root', connectTimeout: 10 }, 'target', {
    multipleStatements: true,
  });
  readers = [await target.connect(), await target.connect()];
  for (const [i, names] of ['utf8mb4', 'binary'].entries()) {
    await readers[i]!.query(`SET NAMES ${names}; SET sql_mode = '', time_zone = '+00:00'`);
  }
  await session.query(`
    DROP DATABASE IF EXISTS cut;
    CREATE DATABASE cut;
    CREATE TABLE cut.numbers (n INT PRIMARY KEY);
    INSERT INTO cut.numbers VALUES (0)`);
  for (let rows = 1; rows < bigRows; rows *= 2) {
    await session.query(`INSERT INTO cut.numbers SELECT n + ${rows} FROM cut.numbers`);
  }
  await session.query(`DELETE FROM cut.numbers WHERE n >= ${bigRows}`);
});
afterAll(async () => {
  await session.query('DROP DATABASE cut');
  session.destroy();
  for (const reader of readers) await reader.end();
});

/** Makes `cut.t`; `fill` is what follows INSERT INTO it. */
async function make(definition: string, fill?: string): Promise<void> {
  const insert = fill === undefined ? '' : `INSERT IGNORE INTO cut.t ${fill};`;
  await session.query(
    `DROP TABLE IF EXISTS cut.t; CREATE TABLE cut.t (${definition}); ${insert} ANALYZE TABLE cut.t`,
  );
}

async function numbers(reader: Connection, sql: string): Promise<number[]> {
  const [[row]] = await reader.query<RowDataPacket[]>(sql);
  return Object.values(row!).map(Number);
}

/** Rows in each range, as the server finds them by the key. Fails unless every row is in exactly one. */
async function partition(ranges: readonly string[]): Promise<number[]> {
  const counts: number[][] = [];
  for (const reader of readers) {
    const each = ranges.map((range, i) => `(SELECT COUNT(*) FROM cut.t WHERE ${range}) AS n${i}`);
    const found = await numbers(reader, `SELECT ${each.join(', ')}`);
    const memberships = ranges.map((range) => `(${range})`).join(' + ');
    const [all, wrong] = await numbers(
      reader,
      `SELECT COUNT(*) AS total, COALESCE(SUM(NOT (${memberships} <=> 1)), 0) AS wrong FROM cut.t`,
    );
    expect(wrong).toBe(0);
    expect(found.reduce((sum, count) => sum + count, 0)).toBe(all);
    counts.push(found);
  }
  expect(counts[1]).toEqual(counts[0]);
  return counts[0]!;
}

test('every row is in exactly one range, whatever the key', async () => {
  let cut = 0;
  const isPartition = async ({ types, rows, pieces }: KeyedTable) => {
    const names = types.map((_, i) => `k${i}`).join(', ');
    const columns = types.map((type, i) => `k${i} ${type} NOT NULL`).join(', ');
    const lines = rows.map((row) => `(${row.join(', ')})`).join(', ');
    await make(
      `${columns}, other INT NULL, wide CHAR(250) DEFAULT 'x', PRIMARY KEY (${names})`,
      lines === '' ? undefined : `(${names}) VALUES ${lines}`,
    );
    const ranges = await keyRanges(session, 'cut', 't', pieces);
    expect(ranges.length).toBeLessThanOrEqual(pieces);
    if (ranges.length === 0) return;
    cut += 1;
    expect(Math.min(...(await partition(ranges)))).toBeGreaterThan(0);
  };
  await fc.assert(fc.asyncProperty(keyedTables(engine), isPartition), { numRuns: 60 });
  expect(cut).toBeGreaterThan(40);
});

const uuid =
  "CONCAT_WS('-', LEFT(SHA2(n, 256), 8), MID(SHA2(n, 256), 9, 4), '4000', '8000', RIGHT(SHA2(n, 256), 12))";

/** Columns of the key, and the values of row n. */
const large: [string, string[], string][] = [
  ['numbers', ['a INT'], 'n'],
  [
    'numbers with a gap and a crowd',
    ['a BIGINT UNSIGNED'],
    'IF(n < 40000, n, 18446744073709000000 + n * 7)',
  ],
  ['UUIDs', ['a CHAR(36)'], uuid],
  ['UUIDs in latin1', ['a CHAR(36) CHARACTER SET latin1'], uuid],
  ['UUIDs in UTF-16', ['a CHAR(36) CHARACTER SET utf16'], uuid],
  ['UUIDs as bytes', ['a BINARY(16)'], `UNHEX(REPLACE(${uuid}, '-', ''))`],
  [
    'texts that begin alike, and two that do not',
    [`a VARCHAR(99) CHARACTER SET utf8mb4 COLLATE ${newest}`],
    "CASE n WHEN 7 THEN 'a' WHEN 8 THEN 'z' ELSE CONCAT('The same for all of them, ', n) END",
  ],
  [
    'times behind two numbers and two words',
    ['a INT', 'b VARCHAR(9)', 'c DATETIME'],
    "n % 2, IF(n % 10 = 0, 'rarely', 'Mostly'), '2020-01-01' + INTERVAL n SECOND",
  ],
];

test.each(large)('%s are cut evenly, by looks into the index', async (_, columns, values) => {
  const names = columns.map((column) => column.charAt(0)).join(', ');
  await make(
    `${columns.join(', ')}, other INT, wide CHAR(90) DEFAULT '', PRIMARY KEY (${names}), KEY (other)`,
    `(${names}) SELECT ${values} FROM cut.numbers`,
  );
  await session.query('FLUSH STATUS');
  const ranges = await keyRanges(session, 'cut', 't', 8);
  const reads = await session.query("SHOW SESSION STATUS LIKE 'Handler_read%'");
  expect(reads.reduce((sum, row) => sum + Number(row['Value']), 0)).toBeLessThan(bigRows / 10);
  expect(ranges).toHaveLength(8);
  // A key may be a secret, and conditions are seen in the list of processes.
  if (/CHAR.36|BINARY/.test(columns.join())) expect(ranges.join()).not.toMatch(/X'\w{32,}'/);
  expect(Math.max(...(await partition(ranges)))).toBeLessThan((2 * bigRows) / 8);
});

test('a table without a primary key is cut by a unique key without NULLs', async () => {
  const definition = 'a INT NOT NULL, b INT NOT NULL, wide CHAR(90), KEY (a), UNIQUE `u``k` (b)';
  await make(definition, "SELECT n % 2, n * 3, 'x' FROM cut.numbers");
  expect(await partition(await keyRanges(session, 'cut', 't', 4))).toHaveLength(4);
});

const uncut: [string, string, string][] = [
  ['without a key', 'a INT, KEY (a)', 'n'],
  ['with a unique key that may hold NULL', 'a INT, UNIQUE (a)', 'n'],
  ['by FLOAT', 'a FLOAT PRIMARY KEY', 'n / 7'],
  ['by DOUBLE', 'a DOUBLE PRIMARY KEY', 'n / 7'],
  ['by ENUM', "a ENUM('z', 'a', 'm') PRIMARY KEY", 'n % 3 + 1'],
  ['by the beginning of a text', 'a VARCHAR(200), PRIMARY KEY (a(9))', 'n'],
  ['in falling order', 'a INT, PRIMARY KEY (a DESC)', 'n'],
  ['without rows', 'a INT PRIMARY KEY', 'n'],
  ['with one row', 'a INT PRIMARY KEY', 'n'],
];

test.each(uncut)('a table %s is not cut', async (kind, definition, value) => {
  const rows = kind === 'without rows' ? 0 : kind === 'with one row' ? 1 : 5000;
  await make(definition, `(a) SELECT ${value} FROM cut.numbers LIMIT ${rows}`);
  expect(await keyRanges(session, 'cut', 't', 4)).toEqual([]);
});

test('a table of another engine is not cut', async () => {
  await make('a INT PRIMARY KEY', 'SELECT n FROM cut.numbers');
  await session.query('ALTER TABLE cut.t ENGINE=MyISAM');
  expect(await keyRanges(session, 'cut', 't', 8)).toEqual([]);
});

if (engine === 'mariadb') {
  test('a CHAR of a NO PAD collation is not cut, as its index does not sort as it compares', async () => {
    await make(
      'a CHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PRIMARY KEY',
      "SELECT CONCAT(n, IF(n % 2, '\\t', '')) FROM cut.numbers",
    );
    expect(await keyRanges(session, 'cut', 't', 4)).toEqual([]);
  });
}

const dumped: [string, boolean, string[], string][] = [
  [
    'text',
    false,
    [
      '`größe ``"\'` VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
      'b TIMESTAMP(3)',
    ],
    "CONCAT(ELT(n % 3 + 1, 'é\\\\', '\\'日本', ''), n DIV 50), '2020-03-29 00:00:00' + INTERVAL n MINUTE",
  ],
  [
    'bytes as they are stored',
    true,
    ['`a``"\'` CHAR(40) CHARACTER SET latin1', 'b BIGINT UNSIGNED'],
    "CONCAT(ELT(n % 3 + 1, 'É\\\\', '\\'ß', ''), n DIV 50), 18446744073709551615 - n",
  ],
];

test.each(dumped)('mysqldump reads the ranges right in %s', async (_, plain, columns, values) => {
  const names = columns.map((column) => /^.*?(?= [A-Z])/.exec(column)![0]).join(', ');
  await make(
    `${columns.join(', ')}, note VARCHAR(90) NULL, PRIMARY KEY (${names})`,
    `SELECT ${values}, IF(n % 2, NULL, REPEAT(n, 9)) FROM cut.numbers LIMIT 3000`,
  );
  const ranges = await keyRanges(session, 'cut', 't', 5);
  expect(ranges).toHaveLength(5);
  const mysqldump = await findClient('mysqldump', engine, tools.mysqldump);
  const folder = await mkdtemp(join(tmpdir(), 'stillpoint-test-'));
  try {
    const optionFile = join(folder, 'client.cnf');
    await writeFile(optionFile, `[client]\nuser=root\nsocket=${target.socketPath}\n`);
    const rowsOf = async (...more: string[]) => {
      const [part] = planParts([database('cut', { tables: [table('t', { plain })] })]).filter(
        ({ kind }) => kind === 'data',
      );
      const { file, args } = dumpCommand(
        { parts: [part!], ignored: null, estimatedBytes: 0 },
        { mysqldump, takesInit: false, zstd: 'zstd', age: null, stdbuf: null },
        dialectOf(mysqldump.version),
        optionFile,
        ['--skip-extended-insert', ...more],
      );
      const { stdout, stderr } = await execa(file, args, { encoding: 'latin1' });
      expect(stderr).toBe('');
      return stdout.split('\n').filter((line) => line.startsWith('INSERT'));
    };
    const together: string[] = [];
    for (const range of ranges) together.push(...(await rowsOf(`--where=${range}`)));
    const all = await rowsOf();
    expect(all).toHaveLength(3000);
    expect(together.sort()).toEqual(all.sort());
  } finally {
    await rm(folder, { recursive: true });
  }
});
