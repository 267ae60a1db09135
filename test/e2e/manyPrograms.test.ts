import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { emptyServer } from '../rig/index.js';
import { diffDigests, digest } from '../rig/hostile/index.js';
import { quoted } from '../rig/hostile/names.js';
import { pair, target } from '../rig/shared.js';
import { setUp } from '../support/cli.js';
import { fakeMysqldump } from '../support/fakeMysqldump.js';
import { keysIn } from '../support/store.js';
import { ownFolder } from '../unit/util/folder.js';

const together = ['lot_1', 'lot `2`', 'lot_é', 'Lot_4'];
/** Its name is not whole in the line that begins it. It has no event: mariadb-dump ends with an error at one. */
const apart = 'lot\n5';
const databases = [...together, apart];
const drop = databases.map((name) => `DROP DATABASE IF EXISTS ${quoted(name)}`).join('; ');

/** Programs and views of the same names in each database, and no two alike. */
beforeEach(async () => {
  const tables = databases.flatMap((name) => [
    `CREATE DATABASE ${quoted(name)} CHARACTER SET ${name === 'Lot_4' ? 'latin1' : 'utf8mb4'}`,
    `USE ${quoted(name)}`,
    'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)); CREATE TABLE skipped (id INT PRIMARY KEY)',
    `INSERT INTO t VALUES (1, 'first'), (2, 'second')`,
    `CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 'é ${quoted(name)}'`,
    'CREATE TRIGGER of_skipped BEFORE INSERT ON skipped FOR EACH ROW SET NEW.id = 1',
    `CREATE PROCEDURE p() COMMENT 'of ${quoted(name)}' BEGIN SELECT 'é ${quoted(name)}'; END`,
    `CREATE FUNCTION f() RETURNS VARCHAR(50) DETERMINISTIC RETURN '${quoted(name)}'`,
    ...(name === apart
      ? []
      : [
          `CREATE EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO SET @e = '${quoted(name)}'`,
        ]),
  ]);
  // Each selects from a view of the database that comes next.
  const views = databases.map((name, i) => {
    const next = databases[i + 1];
    const from = `${quoted(next ?? name)}.${next === undefined ? 't' : 'v'}`;
    return `CREATE VIEW ${quoted(name)}.v AS SELECT id, '${quoted(name)}' AS ${quoted(`in ${name}`)} FROM ${from}`;
  });
  await pair.source.query(`${drop}; ${[...tables, ...views.reverse()].join('; ')}`);
  await pair.waitForCatchUp();
});

afterEach(async () => {
  await pair.source.query(drop);
  await pair.waitForCatchUp();
});

const isKept = ([key]: [string, string]) => !key.includes('skipped');

/** Backs all of it up and restores it elsewhere; what it was, what became of it, and the calls of mysqldump. */
async function throughBackup(hold: string) {
  await emptyServer(target);
  const log = join(await ownFolder(), 'calls');
  const tools = await fakeMysqldump(
    `printf '%q ' "$@" >> ${log}; echo >> ${log}; exec REAL`,
    '--no-data',
  );
  const exclude = databases.map((name) => `${name}.skipped`);
  const setup = await setUp({
    pair: { databases: { include: databases, exclude }, freeze: { hold }, tools },
  });
  await setup.ok('backup');
  await setup.ok('restore', 'latest', '--to', 'third', '--check');
  const there = Object.entries(await digest(pair.replica, databases)).filter(isKept);
  const calls = (await readFile(log, 'utf8')).trimEnd().split('\n');
  return {
    there: Object.fromEntries(there),
    restored: await digest(target, databases),
    ofPrograms: calls.filter((call) => call.includes(' --routines ')),
    ofDefinitions: calls.filter((call) => !call.includes(' --routines ')),
  };
}

test.each(['dump', 'snapshot'])('of many databases come back, hold: %s', async (hold) => {
  const { there, restored, ofPrograms, ofDefinitions } = await throughBackup(hold);
  expect(Object.keys(there).filter((key) => /\.`(v|tr|p|f|e)`$/.test(key))).toHaveLength(24);
  expect(diffDigests(there, restored)).toEqual([]);
  // One for those together and one for that apart: of programs, and of tables and of views.
  expect(ofPrograms).toHaveLength(2);
  expect(ofDefinitions).toHaveLength(4);
});

describe('lines that begin a database for mysqldump', () => {
  const marker = '\n--\n-- Current Database: `Lot_4`\n--\n\nUSE `Lot_4`;\nCREATE PROCEDURE `p`()\n';

  test('may stand in a program: each database is dumped by itself then', async () => {
    await pair.source.query(`CREATE PROCEDURE lot_1.z() SELECT '${marker}'`);
    await pair.waitForCatchUp();
    const { there, restored, ofPrograms, ofDefinitions } = await throughBackup('dump');
    expect(there['procedure `lot_1`.`z`']).toContain('Current Database');
    expect(diffDigests(there, restored)).toEqual([]);
    expect(ofPrograms).toHaveLength(1 + databases.length);
    expect(ofDefinitions).toHaveLength(4);
  });

  test('may stand in a view', async () => {
    const column = quoted('a\n-- Current Database: `Lot_4`\n--');
    await pair.source.query(`CREATE VIEW lot_1.z AS SELECT id AS ${column} FROM lot_1.t`);
    await pair.waitForCatchUp();
    const { there, restored, ofPrograms, ofDefinitions } = await throughBackup('dump');
    expect(there['view `lot_1`.`z`']).toContain('Current Database');
    expect(diffDigests(there, restored)).toEqual([]);
    expect(ofPrograms).toHaveLength(2);
    expect(ofDefinitions).toHaveLength(3 + databases.length);
  });
});

describe('a backup fails and lists nothing when a mysqldump of programs', () => {
  test.each([
    [
      'leaves out that of one database which others have',
      'REAL | sed "/^USE .lot_é/,/Current Database/{/PROCEDURE/d}"',
      /objects of lot_é failed: mysqldump left out the procedure p/,
    ],
    ['dies', 'REAL | head -c 5000; kill -9 $$', /objects of .* more failed: .* SIGKILL/],
    [
      'of one database by itself fails',
      'case "$*" in *--databases*) REAL | sed "/PROCEDURE/a -- Current Database: x" ;; *lot_é*) exit 3 ;; *) exec REAL ;; esac',
      /objects of lot_é failed: mysqldump ended with 3/,
    ],
  ])('%s', async (_, body, cause) => {
    const tools = await fakeMysqldump(body, '--triggers --routines --events');
    const setup = await setUp({ pair: { databases: { include: together }, tools } });
    const ended = await setup.run('backup');
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(cause);
    expect(await pair.applierRunning()).toBe(true);
    expect(await keysIn(setup.storePath)).toEqual([]);
  });
});
