import { afterAll, beforeAll, expect, test } from 'vitest';
import { emptyServer } from '../rig/index.js';
import { diffDigests, digest } from '../rig/hostile/index.js';
import { pair, target } from '../rig/shared.js';
import { setUp } from '../support/cli.js';

const databases = ['twin', 'Twin', 'twin_too'];
const drop = databases.map((name) => `DROP DATABASE IF EXISTS \`${name}\``).join('; ');

/** Names that differ by case or accents only, some with rows that are dumped apart from the others'. */
beforeAll(async () => {
  const tables = ['T', 't', 'cafe', 'café', 'Café'];
  const make = databases.flatMap((database) => [
    `CREATE DATABASE \`${database}\``,
    ...tables.flatMap((table, i) => [
      `CREATE TABLE \`${database}\`.\`${table}\` (id INT PRIMARY KEY, v ${i % 2 === 0 ? 'TEXT' : 'BLOB'})`,
      `INSERT INTO \`${database}\`.\`${table}\` VALUES (${i}, '${database} ${table}')`,
    ]),
    `CREATE TRIGGER \`${database}\`.seen BEFORE INSERT ON \`${database}\`.t FOR EACH ROW SET @seen = 1`,
  ]);
  await pair.source.query(`${drop}; ${make.join('; ')}`);
  await pair.waitForCatchUp();
});

afterAll(async () => {
  await pair.source.query(drop);
  await pair.waitForCatchUp();
});

test.each(['dump', 'snapshot'])('names that are hardly told apart, hold: %s', async (hold) => {
  await emptyServer(target);
  const setup = await setUp({ pair: { databases: { include: databases }, freeze: { hold } } });
  await setup.ok('backup');
  await setup.ok('restore', 'latest', '--to', 'third', '--check');
  const there = await digest(pair.replica, databases);
  expect(Object.keys(there).length).toBeGreaterThan(15);
  expect(diffDigests(there, await digest(target, databases))).toEqual([]);
});
