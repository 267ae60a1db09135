import type { Connection } from 'mysql2/promise';
import { beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../src/util/wait.js';
import { backupPassword, type OwnServer } from '../rig/index.js';
import { engine } from '../rig/shared.js';
import type { Ran, Setup } from '../support/cli.js';
import { expectRoles } from '../support/inOrder.js';
import { ownPair } from '../support/ownPair.js';
import { status as channel } from '../support/receiver.js';

const isMysql = engine === 'mysql';
const own = ownPair();
let source: OwnServer;
let replica: OwnServer;

beforeAll(async () => {
  [source, replica] = own.servers();
  await source.query(
    'CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY AUTO_INCREMENT, n INT)',
  );
  await own.as(source, replica).waitForCatchUp();
});

const write = 'INSERT INTO shop.item (n) VALUES (1)';
const expectInOrder = async () => await expectRoles(source, replica, { table: 'shop.item', write });

/** A configuration by which nobody here reaches the source. */
const unreached = async () => await own.setUp({ ...source, port: 1 }, replica);

async function expectRefused(setup: Setup, why: RegExp): Promise<Ran> {
  const ended = await setup.run('pair', 'promote', '--yes');
  expect(ended.stderr).toMatch(why);
  expect(ended.status).toBe(10);
  return ended;
}

async function receiverRuns(): Promise<true | null> {
  const row = await channel(replica);
  return (row['Replica_IO_Running'] ?? row['Slave_IO_Running']) === 'Yes' ? true : null;
}

/** Seconds after which a source that has nothing to send says that it is there. */
async function heartbeats(period: number): Promise<void> {
  await replica.query(
    isMysql
      ? `STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_HEARTBEAT_PERIOD = ${period}; START REPLICA`
      : `STOP SLAVE; CHANGE MASTER TO MASTER_HEARTBEAT_PERIOD = ${period}; START SLAVE`,
  );
  expect(await waitFor(receiverRuns, { within: 30 })).toBe(true);
}

/** The receiver tries again at once. */
async function reconnect(): Promise<void> {
  await replica.query('STOP REPLICA IO_THREAD; START REPLICA IO_THREAD');
  expect(await waitFor(receiverRuns, { within: 30 })).toBe(true);
}

describe('a source that turns us away lives', () => {
  test('access denied, and the receiver was stopped', async () => {
    const setup = await own.setUp(source, replica);
    const password = async (text: string) =>
      await source.query(
        `SET sql_log_bin = 0; ALTER USER chief@'%' IDENTIFIED BY '${text}'; SET sql_log_bin = 1`,
      );
    await password('another');
    await replica.query('STOP REPLICA IO_THREAD');
    const ended = await expectRefused(setup, /the source of shop answers: .*denied/i);
    expect(ended.stderr).toMatch(/--source-fenced/);
    await replica.query('START REPLICA IO_THREAD');
    await password('chief pw 1');
    await expectInOrder();
  });

  test('too many connections: nothing is stopped on the replica', async () => {
    const setup = await own.setUp(source, replica);
    const [row] = await source.query<{ most: number }>('SELECT @@max_connections AS most');
    await source.query('SET GLOBAL max_connections = 10');
    const opened: Connection[] = [];
    const fill = async (): Promise<void> => {
      opened.push(await source.connect());
      await fill();
    };
    await expect(fill()).rejects.toThrow(/too many connections/i);
    const ended = await expectRefused(setup, /the source of shop answers: .*too many/i);
    expect(ended.stderr).not.toContain('REPLICA');
    await source.query(`SET GLOBAL max_connections = ${row!.most}`);
    for (const one of opened) one.destroy();
    await expectInOrder();
  });

  test('it does not answer here, but denies the replica', async () => {
    const setup = await unreached();
    const password = async (text: string) =>
      await source.query(
        `SET sql_log_bin = 0; ALTER USER repl@'%' IDENTIFIED BY '${text.replaceAll(/['\\]/g, '\\$&')}'; SET sql_log_bin = 1`,
      );
    await password('another');
    await replica.query('STOP REPLICA IO_THREAD; START REPLICA IO_THREAD');
    await expectRefused(setup, /the source of shop .* answers the replica: .*denied/i);
    await password(backupPassword);
    await reconnect();
    await expectInOrder();
  });

  test('it does not answer here, but sends to the replica: that is not cut off', async () => {
    const setup = await unreached();
    await heartbeats(1);
    const ended = await expectRefused(setup, /the replica still follows it/);
    await heartbeats(30);
    expect(ended.stderr).not.toContain('REPLICA');
    await expectInOrder();
  });

  test('without heartbeats a receiver that gets nothing is made to connect anew', async () => {
    const setup = await unreached();
    await heartbeats(0);
    const ended = await expectRefused(setup, /the replica still follows it/);
    expect(ended.stderr).toMatch(/STOP REPLICA .*IO_THREAD/);
    await heartbeats(30);
    await expectInOrder();
  });
});
