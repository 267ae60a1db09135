import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openServer, type Server } from '../../src/pair/server.js';
import type { SessionOptions } from '../../src/pair/session.js';
import { inSession, loadingSession } from '../../src/restore/loadPart.js';
import { loadRows, type PartFlow } from '../../src/restore/loadRows.js';
import { clientEnv } from '../../src/util/command.js';
import type { Lent } from '../../src/util/lent.js';
import { waitFor } from '../../src/util/wait.js';
import { target, tools } from '../rig/shared.js';
import { inPieces, onLoan } from '../unit/util/pieces.js';

/** Not in ASCII, as the database is. */
const user = 'löäder';
let server: Server;
let client: PartFlow['client'];
let folder: string;

beforeAll(async () => {
  await target.query(`
    CREATE USER '${user}'@'localhost' IDENTIFIED BY 'pässword';
    GRANT ALL ON *.* TO '${user}'@'localhost'`);
  const { socketPath } = target;
  const login = { user, password: 'pässword' };
  server = await openServer(
    { socketPath, ...login, host: '', port: 0, connectTimeout: 10 },
    'third',
  );
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-test-'));
  const optionFile = join(folder, 'client.cnf');
  await writeFile(optionFile, `[client]\nuser=root\nsocket=${socketPath}\n`);
  const args = [`--defaults-file=${optionFile}`, '--binary-mode', '--database=rows ☕'];
  client = { file: tools.mysql, args, env: { ...process.env, ...clientEnv } };
});
beforeEach(async () => {
  await target.query(`
    DROP DATABASE IF EXISTS \`rows ☕\`;
    CREATE DATABASE \`rows ☕\`;
    CREATE TABLE \`rows ☕\`.\`täble\` (id INT PRIMARY KEY, value LONGBLOB) ENGINE=InnoDB`);
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
  await target.query(`DROP DATABASE IF EXISTS \`rows ☕\`; DROP USER '${user}'@'localhost'`);
});

interface LoadOptions {
  signal?: AbortSignal;
  target?: Pick<Server, 'session'>;
  client?: PartFlow['client'];
  longest?: number;
}

async function load(sql: Lent, { longest, target, ...more }: LoadOptions = {}): Promise<void> {
  const setup = ['USE `rows ☕`', "SET @lock = GET_LOCK('loading', 0)"];
  const flow = {
    title: 'a part',
    sql,
    setup,
    client,
    signal: new AbortController().signal,
    ...more,
  };
  await inSession({ ...flow, target: target ?? server }, loadingSession, async (session) =>
    loadRows({ ...flow, session }, longest),
  );
}

const insert = (id: number, value: string) => `INSERT INTO \`täble\` VALUES (${id},${value});\n`;
const ids = async () => {
  const rows = await target.query<{ id: number }>('SELECT id FROM `rows ☕`.`täble` ORDER BY id');
  return rows.map(({ id }) => id);
};
const sessions = async () =>
  await target.query(
    `SELECT ID FROM information_schema.PROCESSLIST WHERE USER = '${user}' AND DB = 'rows ☕'`,
  );

test('statements about as long as a packet, and longer than two', async () => {
  // A packet has 16777215 bytes, of which the command takes one to three.
  const lengths = [-9, -8, -7, -6, -5, -4, -3, -2, -1, 0, 1].map((more) => 16777215 + more);
  const all = [...lengths, 2 * 16777215 - 1, 40_000_000];
  async function* sql(): AsyncGenerator<Buffer> {
    yield Buffer.from('/*!40101 SET NAMES binary */;\n');
    for (const [id, length] of all.entries()) {
      const [before, after] = insert(id, "''").split("''") as [string, string];
      const bytes = length + ';\n'.length - Buffer.byteLength(before + after) - 2;
      yield* inPieces(`${before}'${'x'.repeat(bytes)}'${after}`, [1 << 18]);
      await Promise.resolve();
    }
  }
  await load(onLoan(sql()), { longest: Infinity });
  const rows = await target.query<{ id: number; bytes: number; same: number }>(
    "SELECT id, LENGTH(value) AS bytes, value = REPEAT('x', LENGTH(value)) AS same FROM `rows ☕`.`täble` ORDER BY id",
  );
  expect(rows.map(({ id, bytes }) => [id, bytes])).toEqual(
    all.map((length, id) => [id, length - Buffer.byteLength(insert(id, "''")) + 2]),
  );
  expect(rows.every(({ same }) => same === 1)).toBe(true);
});

test.each(['binary', 'utf8mb4'])('every byte of a value arrives as it is: %s', async (charset) => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  // As mysql_real_escape_string does.
  const escaped = bytes
    .toString('latin1')
    .replaceAll(/[\\'"]/g, '\\$&')
    .replaceAll('\0', '\\0')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\x1a', '\\Z');
  const text = Buffer.concat([
    Buffer.from(`/*!40101 SET NAMES ${charset} */;\nINSERT INTO \`täble\` VALUES (1,_binary '`),
    Buffer.from(escaped, 'latin1'),
    Buffer.from(`');\n`),
  ]);
  await load(onLoan(inPieces(text, [7])));
  const [row] = await target.query<{ hex: string }>(
    'SELECT HEX(value) AS hex FROM `rows ☕`.`täble`',
  );
  expect(row?.hex).toBe(bytes.toString('hex').toUpperCase());
});

test.each(['', 'set autocommit=0;\n', 'LOCK TABLES `täble` WRITE;\n'])(
  'a client goes on where a statement is too long for us: %j',
  async (before) => {
    const long = insert(3, `REPEAT('x', 5) /* ${'é'.repeat(200)} */`);
    const text = [
      `/*!40101 SET NAMES utf8mb4 */;\n/*!40014 SET @given = 7 */;\n${before}`,
      insert(1, "'a'"),
      insert(2, "'b'"),
      long,
      insert(4, '@given'),
      insert(5, "IS_USED_LOCK('loading') = CONNECTION_ID()"),
      before.startsWith('set') ? 'commit;\n' : '',
      '-- Dump completed\n',
    ].join('');
    const taking = {
      ...client,
      args: [...client.args, "--init-command=SET @lock = GET_LOCK('loading', 0)"],
    };
    await load(onLoan(inPieces(text, [64])), { longest: 150, client: taking });
    const rows = await target.query<{ id: number; value: string }>(
      'SELECT id, CONVERT(value USING utf8mb4) AS value FROM `rows ☕`.`täble` ORDER BY id',
    );
    expect(rows.map(({ id, value }) => `${id} ${value}`)).toEqual([
      '1 a',
      '2 b',
      '3 xxxxx',
      '4 7',
      '5 1',
    ]);
  },
);

test('a part that leaves a transaction open is there as a whole', async () => {
  await load(onLoan(inPieces(`SET @@AUTOCOMMIT=0;\n${insert(1, 'NULL')}`, [10])));
  expect(await ids()).toEqual([1]);
});

test('the time zone and the mode are those that a client finds', async () => {
  const before = await target.query<{ zone: string; mode: string }>(
    'SELECT @@GLOBAL.time_zone AS zone, @@GLOBAL.sql_mode AS mode',
  );
  await target.query("SET GLOBAL time_zone = '+05:00'");
  try {
    const text = insert(1, "CONCAT(@@SESSION.time_zone, ' ', @@SESSION.sql_mode)");
    await load(onLoan(inPieces(text, [10])));
  } finally {
    await target.query(`SET GLOBAL time_zone = '${before[0]!.zone}'`);
  }
  const [row] = await target.query<{ value: string }>(
    'SELECT CONVERT(value USING utf8mb4) AS value FROM `rows ☕`.`täble`',
  );
  expect(row?.value).toBe(`+05:00 ${before[0]!.mode}`);
});

test('a setting holds for what is sent with it', async () => {
  const text = [
    "SET sql_mode = 'NO_BACKSLASH_ESCAPES';\n",
    insert(1, "'a\\'"),
    "SET sql_mode = '';\n",
    insert(2, "'a\\\\b'"),
  ];
  await load(onLoan(inPieces(text.join(''), [10])));
  const rows = await target.query<{ value: string }>(
    'SELECT CONVERT(value USING utf8mb4) AS value FROM `rows ☕`.`täble` ORDER BY id',
  );
  expect(rows.map(({ value }) => value)).toEqual(['a\\', 'a\\b']);
});

test('nothing is loaded after a statement that failed', async () => {
  const text = insert(1, 'NULL') + insert(1, 'NULL') + insert(2, 'NULL');
  await expect(load(onLoan(inPieces(text, [10])))).rejects.toThrow(
    /^cannot load a part: Duplicate entry '1'/,
  );
  expect(await ids()).toEqual([1]);
});

test('a part finds nothing of the one before it on the same connection', async () => {
  await target.query('CREATE TABLE `rows ☕`.`other` LIKE `rows ☕`.`täble`');
  const settings = ['time_zone', 'sql_mode', 'autocommit + 0', 'character_set_client'];
  const found = settings.map((name) => `@@SESSION.${name}`).join(", ' ', ");
  const [wanted] = await target.query<{ value: string }>(
    "SELECT CONCAT(@@GLOBAL.time_zone, ' ', @@GLOBAL.sql_mode, ' 1 utf8mb4') AS value",
  );
  const given = [
    "SET NAMES latin1;\nSET autocommit = 0, time_zone = '+03:00', sql_mode = 'ANSI_QUOTES';\n",
    'LOCK TABLES other WRITE;\nINSERT INTO other VALUES (1, NULL);\n',
  ];
  const flow = { title: 'a part', client, signal: new AbortController().signal };
  const setup = ['USE `rows ☕`'];
  await inSession({ ...flow, target: server }, loadingSession, async (session) => {
    for (const text of [given.join(''), insert(2, `CONCAT(${found})`)])
      await loadRows({ ...flow, setup, session, sql: onLoan(inPieces(text, [10])) });
  });
  const [row] = await target.query<{ value: string }>(
    'SELECT CONVERT(value USING utf8mb4) AS value FROM `rows ☕`.`täble`',
  );
  expect(row).toEqual(wanted);
  const [other] = await target.query<{ id: number }>('SELECT id FROM `rows ☕`.`other`');
  expect(other).toEqual({ id: 1 });
});

test('a part that is loaded lets go of its locks, for whoever adds its keys', async () => {
  const flow = { title: 'a part', client, signal: new AbortController().signal };
  const setup = ['USE `rows ☕`', "SET @lock = GET_LOCK('loading', 0)"];
  const isFree = async () => {
    const [row] = await target.query<{ free: number }>("SELECT IS_FREE_LOCK('loading') AS free");
    return row!.free === 1;
  };
  await inSession({ ...flow, target: server }, loadingSession, async (session) => {
    const text = 'LOCK TABLES `täble` WRITE;\n' + insert(1, "IS_FREE_LOCK('loading')");
    await loadRows({ ...flow, setup, session, sql: onLoan(inPieces(text, [10])) });
    expect(await isFree()).toBe(true);
  });
  const [row] = await target.query(
    'SELECT CONVERT(value USING utf8mb4) AS value FROM `rows ☕`.`täble`',
  );
  expect(row).toEqual({ value: '0' });
});

test('nothing is loaded when it was ended while it connected', async () => {
  const abort = new AbortController();
  const session = async (options?: SessionOptions) => {
    const opened = await server.session(options);
    abort.abort(new Error('enough'));
    return opened;
  };
  const sql = onLoan(inPieces(insert(1, 'NULL'), [10]));
  await expect(load(sql, { signal: abort.signal, target: { session } })).rejects.toThrow('enough');
  expect(await ids()).toEqual([]);
});

test('what the server refuses is told in its words, and what came before is there', async () => {
  const text = insert(1, 'NULL') + insert(2, 'NULL') + insert(1, '`ü`') + insert(4, 'NULL');
  await expect(load(onLoan(inPieces(text, [10])))).rejects.toThrow(
    /^cannot load a part: Unknown column 'ü' in/,
  );
  expect(await ids()).toEqual([1, 2]);
  expect(await waitFor(async () => (await sessions()).length === 0 || null, { within: 20 })).toBe(
    true,
  );
});

test('a statement that is longer than the server takes is told of in numbers', async () => {
  await target.query('SET GLOBAL max_allowed_packet = 1048576');
  try {
    const text = insert(1, 'NULL') + insert(2, `'${'x'.repeat(2_000_000)}'`);
    await expect(load(onLoan(inPieces(text, [1 << 18])))).rejects.toThrow(
      "cannot load a part: a statement has 2.0 MB, the server's max_allowed_packet is 1.0 MB",
    );
  } finally {
    await target.query('SET GLOBAL max_allowed_packet = 268435456');
  }
  expect(await ids()).toEqual([1]);
});

test('a text that ends in the middle of a statement is no part, and nothing runs on then', async () => {
  const long = `CONCAT(SLEEP(0.3), '${'x'.repeat(20_000)}')`;
  const text = insert(1, long) + insert(2, 'NULL').slice(0, -3);
  await expect(load(onLoan(inPieces(text, [10])))).rejects.toThrow('in the middle of a statement');
  expect(await ids()).toEqual([1]);
});

test('is cut off at once, also while a statement runs', async () => {
  const abort = new AbortController();
  const text = insert(1, 'NULL') + insert(2, 'SLEEP(600)');
  const loading = load(onLoan(inPieces(text, [10])), { signal: abort.signal });
  loading.catch(() => undefined);
  const sleeps = async () => {
    const all = await target.query<{ Info: string | null }>('SHOW FULL PROCESSLIST');
    return all.some(({ Info }) => Info?.includes('SLEEP(600)')) || null;
  };
  expect(await waitFor(sleeps, { within: 20 })).toBe(true);
  abort.abort(new Error('enough'));
  await expect(loading).rejects.toThrow('enough');
});
