import { afterAll, beforeAll, expect, test } from 'vitest';
import { diffDigests, digest, type Digest } from '../rig/hostile/index.js';
import { emptyServer } from '../rig/index.js';
import { pair, target } from '../rig/shared.js';
import { engine, setUp } from '../support/cli.js';

let wanted: Digest;
beforeAll(async () => {
  const unused = engine === 'mysql' ? 'INVISIBLE' : 'IGNORED';
  await pair.source.query(`
    DROP DATABASE IF EXISTS keyed;
    CREATE DATABASE keyed;
    CREATE TABLE keyed.\`large ü\` (
      id INT AUTO_INCREMENT PRIMARY KEY, number INT, text VARCHAR(300), UNIQUE KEY u (number, id),
      KEY unused (number) ${unused}, KEY number (number), KEY \`größe, (\` (text(10) DESC, number) COMMENT 'a, b)'
    ) ENGINE=InnoDB;
    INSERT INTO keyed.\`large ü\` (number, text) VALUES (1, 'x');
  `);
  const connection = await pair.source.connect();
  for (let rows = 1; rows < 60_000; rows *= 2) {
    await connection.query(
      'INSERT INTO keyed.`large ü` (number, text) SELECT id * 7919 % 1000, RPAD(SHA2(id, 256), 290, id) FROM keyed.`large ü`',
    );
  }
  await connection.end();
  await pair.waitForCatchUp();
  wanted = await digest(pair.replica, ['keyed']);
});
afterAll(async () => {
  await pair.source.query('DROP DATABASE keyed');
  await pair.waitForCatchUp();
});

test('the keys of a large table are added after its rows, also by a restore that goes on', async () => {
  const setup = await setUp({ pair: { databases: { include: ['keyed'] } } });
  await setup.ok('backup', '-q');
  await emptyServer(target);
  const killed = await setup.runUntil(
    'load keys /data/',
    'SIGKILL',
    'restore',
    'latest',
    '--to',
    'third',
  );
  expect(killed.status).toBe(137);
  const [table] = await target.query<Record<string, string>>('SHOW CREATE TABLE keyed.`large ü`');
  expect(table!['Create Table']).not.toContain('KEY `number`');
  await setup.ok('restore', 'latest', '--to', 'third', '--check');
  expect(diffDigests(wanted, await digest(target, ['keyed']))).toEqual([]);
  // Its definition is what it was, to the order of the keys.
  const drill = await setup.run('drill', '--json');
  expect(drill.status, drill.stdout).toBe(0);
});
