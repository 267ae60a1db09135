import { afterAll, beforeAll, expect, test } from 'vitest';
import { manyTables } from '../../src/dump/inventory.js';
import { emptyServer } from '../rig/index.js';
import { diffDigests, digest } from '../rig/hostile/index.js';
import { pair, target } from '../rig/shared.js';
import { setUp } from '../support/cli.js';

/** Their rows fill a part twice, so that a mysqldump of many tables is cut into parts. */
const heavy = ['f', 'M', 's', 'ü'];

/** So many tables that mysqldump is told which to pass over on MySQL, and takes the rest in an order of its own. */
beforeAll(async () => {
  const names = Array.from(
    { length: manyTables + 50 },
    (_, i) => `${'aZ_é9bT'[i % 7]}${i % 2 === 0 ? 'x' : 'X'}${i}`,
  );
  const twins = ['t', 'T', 'é', 'e', 'É'];
  const make = [...names, ...twins].map(
    (name, i) =>
      `CREATE TABLE \`${name}\` (id INT PRIMARY KEY, v ${i % 9 === 0 ? 'BLOB' : 'TEXT'}); INSERT INTO \`${name}\` VALUES (${i}, '${name}')`,
  );
  const fill = heavy.map(
    (name) =>
      `CREATE TABLE \`${name}\` (id INT PRIMARY KEY, v LONGTEXT); INSERT INTO \`${name}\` SELECT n, REPEAT('${name}', 1000000) FROM (SELECT 1 AS n UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5) AS numbers`,
  );
  await pair.source.query(
    `DROP DATABASE IF EXISTS many; CREATE DATABASE many; USE many; ${[...make, ...fill].join('; ')}; CREATE VIEW a_view AS SELECT * FROM t`,
  );
  await pair.source.query(`ANALYZE TABLE ${heavy.map((name) => `many.\`${name}\``).join()}`);
  await pair.waitForCatchUp();
});

afterAll(async () => {
  await pair.source.query('DROP DATABASE many');
  await pair.waitForCatchUp();
});

test.each(['dump', 'snapshot'])('many tables come back, hold: %s', async (hold) => {
  await emptyServer(target);
  const setup = await setUp({ pair: { databases: { include: ['many'] }, freeze: { hold } } });
  await setup.ok('backup');
  await setup.ok('restore', 'latest', '--to', 'third', '--check');
  const there = await digest(pair.replica, ['many']);
  expect(Object.keys(there).length).toBeGreaterThan(manyTables);
  expect(diffDigests(there, await digest(target, ['many']))).toEqual([]);
});
