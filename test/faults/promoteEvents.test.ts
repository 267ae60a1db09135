import mysql from 'mysql2/promise';
import { beforeAll, expect, test } from 'vitest';
import { engine } from '../rig/shared.js';
import type { OwnServer } from '../rig/index.js';
import { expectRoles } from '../support/inOrder.js';
import { ownPair } from '../support/ownPair.js';

// What a switchover does to events and their scheduler. Each test leaves the pair with its roles in order.

const own = ownPair();
let source: OwnServer;
let replica: OwnServer;

beforeAll(async () => {
  [source, replica] = own.servers();
  await source.query(
    'CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY AUTO_INCREMENT, t VARCHAR(50))',
  );
  await own.as(source, replica).waitForCatchUp();
});

const expectInOrder = async () =>
  await expectRoles(source, replica, {
    table: 'shop.item',
    write: "INSERT INTO shop.item (t) VALUES ('x')",
  });

/** Changes roles; answers what was said. */
async function switchOver(): Promise<string> {
  const setup = await own.setUp(source, replica);
  const { stderr } = await setup.ok('pair', 'promote', '--switchover', '--yes');
  [source, replica] = [replica, source];
  return stderr;
}

async function eventsOf(server: OwnServer, columns: string): Promise<unknown[]> {
  return await server.query(
    `SELECT EVENT_NAME, ${columns} FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'shop' ORDER BY 1`,
  );
}

async function scheduler(server: OwnServer, value?: 'ON' | 'OFF'): Promise<string> {
  if (value !== undefined) await server.query(`SET GLOBAL event_scheduler = ${value}`);
  const [row] = await server.query<{ value: string }>('SELECT @@event_scheduler AS value');
  return row!.value;
}

test('an event keeps the character set, the sql_mode and the time zone that it was written in', async () => {
  const latin1 = await mysql.createConnection({
    socketPath: source.socketPath,
    user: 'root',
    charset: 'LATIN1_GERMAN1_CI',
  });
  await latin1.query("SET time_zone = '+05:00', sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES'");
  await latin1.query(
    `CREATE DEFINER = root@localhost EVENT shop."caf\u00e9 \`'""" ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' COMMENT 'it''s' DO INSERT INTO "shop"."item" (t) VALUES ('caf\u00e9')`,
  );
  await latin1.end();
  await source.query(
    "CREATE EVENT shop.`ž` ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO INSERT INTO shop.item (t) VALUES ('🙂')",
  );
  await own.as(source, replica).waitForCatchUp();
  const columns =
    'HEX(EVENT_NAME), DEFINER, SQL_MODE, TIME_ZONE, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, DATABASE_COLLATION, STARTS, EVENT_COMMENT, HEX(EVENT_DEFINITION)';
  const before = await eventsOf(source, columns);
  await switchOver();
  expect(await eventsOf(source, columns)).toEqual(before);
  expect(await eventsOf(replica, columns)).toEqual(before);
  const statuses = (await eventsOf(source, 'STATUS')) as { STATUS: string }[];
  expect(statuses.map(({ STATUS }) => STATUS)).toEqual(statuses.map(() => 'ENABLED'));
  await expectInOrder();
});

test('where the source runs no events the new one does not either', async () => {
  await scheduler(source, 'OFF');
  await scheduler(replica, 'OFF');
  const said = await switchOver();
  expect(said).not.toContain('event_scheduler');
  expect([await scheduler(source), await scheduler(replica)]).toEqual(['OFF', 'OFF']);
  for (const server of [source, replica]) await scheduler(server, 'ON');
  await expectInOrder();
});

test('events that are on at a replica whose scheduler is off run at the new source alone', async () => {
  await scheduler(replica, 'OFF');
  await source.query(
    'CREATE EVENT shop.tick ON SCHEDULE EVERY 1 SECOND DO DELETE FROM shop.item LIMIT 1',
  );
  await own.as(source, replica).waitForCatchUp();
  const [open, closed] =
    engine === 'mysql'
      ? ['super_read_only = OFF', 'super_read_only = ON']
      : ['sql_mode = @@sql_mode', 'read_only = ON'];
  await replica.query(
    `SET GLOBAL ${open}; SET sql_log_bin = 0; ALTER DEFINER = root@localhost EVENT shop.tick ENABLE; SET sql_log_bin = 1; SET GLOBAL ${closed}`,
  );
  await scheduler(source, 'ON');
  await switchOver();
  expect([await scheduler(source), await scheduler(replica)]).toEqual(['ON', 'ON']);
  const statusOf = async (server: OwnServer) =>
    ((await eventsOf(server, 'STATUS')) as { EVENT_NAME: string; STATUS: string }[]).find(
      ({ EVENT_NAME }) => EVENT_NAME === 'tick',
    )?.STATUS;
  expect(await statusOf(source)).toBe('ENABLED');
  expect(await statusOf(replica)).toMatch(/SIDE_?DISABLED/);
  await source.query('DROP EVENT shop.tick');
  await expectInOrder();
});
