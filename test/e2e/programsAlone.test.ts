import { afterEach, expect, test } from 'vitest';
import { diffDigests, digest } from '../rig/hostile/index.js';
import { emptyServer } from '../rig/index.js';
import { engine, pair, target } from '../rig/shared.js';
import { setUp } from '../support/cli.js';

const programs = [
  'CREATE PROCEDURE p() SELECT 1',
  'CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 2',
  `CREATE EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO SET @e = 3`,
  ...(engine === 'mariadb' ? ['CREATE SEQUENCE a_sequence'] : []),
].join('; ');
const trigger = (table: string) =>
  `CREATE TRIGGER \`on ${table}\` BEFORE INSERT ON \`${table}\` FOR EACH ROW SET NEW.id = 4`;
const tableOf = (name: string, kind = 'InnoDB') =>
  `CREATE TABLE \`${name}\` (id INT PRIMARY KEY) ENGINE=${kind}`;
const plain = [tableOf('b'), tableOf('A')];
const numbered = Array.from({ length: 120 }, (_, i) => `t_${i}`);

afterEach(async () => {
  await pair.source.query('DROP DATABASE alone');
  await pair.waitForCatchUp();
});

test.each([
  ['without a table', []],
  ['without a trigger', plain],
  ['whose first table has no rows that are kept', [tableOf('a', 'MEMORY'), ...plain]],
  ['with a trigger on one of its tables', [...plain, trigger('A')]],
  ['with tables that only case tells apart', [...plain, tableOf('a'), trigger('a')]],
  ['with a table whose name holds a line break', [...plain, tableOf('a\nb'), trigger('a\nb')]],
  [
    'with triggers on many tables',
    [...plain, ...numbered.flatMap((t) => [tableOf(t), trigger(t)])],
  ],
  ['with a trigger on a table that is left out', [tableOf('left out'), trigger('left out')]],
])('programs of a database %s come back', async (_, tables) => {
  await pair.source.query(
    `CREATE DATABASE alone; USE alone; ${[programs, ...tables].join('; ')}; CREATE VIEW v AS SELECT 1 AS one`,
  );
  await pair.waitForCatchUp();
  await emptyServer(target);
  const databases = { include: ['alone'], exclude: ['alone.left out'] };
  const setup = await setUp({ pair: { databases } });
  await setup.ok('backup');
  await setup.ok('restore', 'latest', '--to', 'third', '--check');
  const there = Object.entries(await digest(pair.replica, ['alone']));
  const kept = there.filter(([key]) => !key.includes('left out'));
  expect(kept.length).toBeGreaterThanOrEqual(4 + tables.length - (there.length - kept.length));
  expect(diffDigests(Object.fromEntries(kept), await digest(target, ['alone']))).toEqual([]);
});
