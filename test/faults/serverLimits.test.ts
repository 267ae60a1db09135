import { afterEach, beforeAll, expect, test } from 'vitest';
import { engine } from '../rig/shared.js';
import type { OwnServer } from '../rig/index.js';
import { expectRoles } from '../support/inOrder.js';
import { ownPair } from '../support/ownPair.js';

// Servers that limit all connections, as their administrators wanted for the application.

const own = ownPair();
let source: OwnServer;
let replica: OwnServer;

beforeAll(async () => {
  [source, replica] = own.servers();
  await source.query(
    'CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY AUTO_INCREMENT, n INT)',
  );
  await source.query('CREATE TABLE shop.big (id INT PRIMARY KEY AUTO_INCREMENT, t CHAR(200))');
  await source.query("INSERT INTO shop.big (t) VALUES (REPEAT('x', 200))");
  for (let i = 0; i < 16; i++)
    await source.query('INSERT INTO shop.big (t) SELECT t FROM shop.big');
  await own.as(source, replica).waitForCatchUp();
});

afterEach(async () => await limit(noLimits));

interface Limits {
  wait: number;
  autocommit: number;
  /** Seconds. */
  statement: number;
}

const noLimits: Limits = { wait: 28800, autocommit: 1, statement: 0 };

/** Connections of the tests that are open already go on as they are. */
async function limit(limits: Partial<Limits>): Promise<void> {
  const { wait, autocommit, statement } = { ...noLimits, ...limits };
  const time =
    engine === 'mysql'
      ? `max_execution_time = ${statement * 1000}`
      : `max_statement_time = ${statement}`;
  const sql = `SET GLOBAL wait_timeout = ${wait}; SET GLOBAL autocommit = ${autocommit}; SET GLOBAL ${time}`;
  for (const server of [source, replica]) await server.query(sql);
}

test('a hook may take longer than wait_timeout, and autocommit may be off', async () => {
  const failover = { before: ['sleep', '4'], after: ['sleep', '4'] };
  const setup = await own.setUp(source, replica, { failover });
  await limit({ wait: 2, autocommit: 0 });
  await setup.ok('pair', 'promote', '--switchover', '--yes');
  [source, replica] = [replica, source];
  await limit(noLimits);
  await expectRoles(source, replica, {
    table: 'shop.item',
    write: 'INSERT INTO shop.item (n) VALUES (1)',
  });
});

test('a backup reads for longer than a statement may take', async () => {
  const setup = await own.setUp(source, replica);
  await limit({ autocommit: 0, statement: 0.02 });
  await setup.ok('backup');
});

test('what is stored by SET PERSIST and would close the new source again is named', async () => {
  const isMysql = engine === 'mysql';
  if (isMysql) await replica.query('SET PERSIST super_read_only = ON');
  const setup = await own.setUp(source, replica);
  const { stdout } = await setup.ok('pair', 'promote', '--switchover', '--yes');
  [source, replica] = [replica, source];
  const reset = 'run on it: RESET PERSIST super_read_only;';
  if (isMysql) expect(stdout).toContain(reset);
  expect(stdout).toContain(isMysql ? 'super_read_only = ON' : 'option file: read_only = ON');
  if (!isMysql) expect(stdout).not.toContain('super_read_only');
});
