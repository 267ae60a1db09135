import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import mysql, { type Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PromoteResult } from '../../src/promoteOptions.js';
import { followSql, roomyFolder, startPair, startServers, type OwnServer } from '../rig/index.js';
import { engine, tools } from '../rig/shared.js';
import { applicationSql } from '../support/ledger.js';
import { expectRoles } from '../support/inOrder.js';
import { chiefSql, durable, ownPair } from '../support/ownPair.js';

// Each test leaves the pair with its roles in order; which server has which, changes.

const isMysql = engine === 'mysql';
const own = ownPair(durable);
let folder: string;
let start: ReturnType<typeof startServers>;
let source: OwnServer;
let replica: OwnServer;

beforeAll(async () => {
  folder = await mkdtemp(join(await roomyFolder(), 'stillpoint-refused-'));
  start = startServers(engine, tools, folder);
  [source, replica] = own.servers();
  await source.query(`${applicationSql}
    CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY AUTO_INCREMENT, n INT);
    CREATE EVENT shop.tick ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO DELETE FROM shop.item;
    CREATE USER xa@'%' IDENTIFIED BY 'xa'; GRANT ALL ON shop.* TO xa@'%'`);
  await own.as(source, replica).waitForCatchUp();
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const swap = () => {
  [source, replica] = [replica, source];
};
const write = 'INSERT INTO shop.item (n) VALUES (1)';
const expectInOrder = async () => await expectRoles(source, replica, { table: 'shop.item', write });

const switchover = ['pair', 'promote', '--switchover'];

/** Nothing is done, whether it is only looked at or not. */
async function expectRefused(says: RegExp, more: Record<string, unknown> = {}, from = replica) {
  const setup = await own.setUp(source, from, more);
  for (const how of ['--dry-run', '--yes']) {
    const ended = await setup.run(...switchover, how);
    expect(ended.stderr).toMatch(says);
    expect(ended.stderr).toMatch(/hint: /);
    expect(ended.stderr).not.toMatch(/read_only/);
    expect(ended.status).toBe(10);
  }
  await expectInOrder();
}

/** A command that runs statements on a server as root. */
const asRoot = ({ socketPath }: OwnServer, sql: string) => [
  ...[tools.mysql, '--no-defaults', '--user=root', `--socket=${socketPath}`, '--execute', sql],
];

/** An XA transaction that has changed a row. */
const begun = (xid: string) => `XA START '${xid}'; ${write}`;
const prepared = (xid: string) => `${begun(xid)}; XA END '${xid}'; XA PREPARE '${xid}'`;

async function asXa({ port }: OwnServer): Promise<Connection> {
  const account = { user: 'xa', password: 'xa', multipleStatements: true };
  return await mysql.createConnection({ host: '127.0.0.1', port, ...account });
}

// First: it needs all that the source ever wrote.
describe('a replica without a binary log', () => {
  let silent: OwnServer;
  beforeAll(async () => {
    const closed = isMysql ? '--super-read-only=ON' : '--read-only=ON';
    const args = ['--skip-log-bin', closed];
    silent = await start({ id: 23, args });
    await silent.query(followSql(engine, source));
    await own.as(source, silent).waitForCatchUp();
  });
  afterAll(async () => {
    await silent.stop();
  });

  test('is not made the source', async () => {
    await expectRefused(/has log_bin off: nobody could follow it/, {}, silent);
  });

  test('is, when the source is gone: that is said, and a receiver that is turned away is seen', async () => {
    const setup = await own.setUp(source, silent);
    const planned = await setup.ok('pair', 'promote', '--source-fenced', '--dry-run');
    expect(planned.stderr).toMatch(/warning: .*has log_bin off/);
    if (!isMysql) return;
    await setup.ok('pair', 'promote', '--source-fenced', '--yes');
    const ended = await setup.run('pair', 'rejoin', '--yes');
    expect(ended.stderr).toMatch(/the I\/O thread is stopped: .*Binary log is not open/);
    expect(ended.status).toBe(1);
    await source.query(
      'STOP REPLICA; RESET REPLICA ALL; SET GLOBAL read_only = OFF; SET GLOBAL event_scheduler = ON',
    );
    await expectInOrder();
  });
});

describe('XA transactions', () => {
  test('one is prepared: MySQL would commit it on the old source, MariaDB does on the new one', async () => {
    const client = await asXa(source);
    await client.query(prepared('one'));
    client.destroy();
    const commit = async (server: OwnServer) => await server.query(`XA COMMIT 'one'`);
    if (isMysql) {
      await expectRefused(/holds prepared XA transactions/);
      await commit(source);
    } else {
      await (await own.setUp(source, replica)).ok(...switchover, '--yes');
      swap();
      await commit(source);
    }
    await expectInOrder();
  });

  test('one is prepared while it is being closed: it takes writes again', async () => {
    if (!isMysql) return;
    const failover = { before: asRoot(source, prepared('late')) };
    const ended = await (
      await own.setUp(source, replica, { failover })
    ).run(...switchover, '--yes');
    expect(ended.stderr).toMatch(/holds prepared XA transactions/);
    expect(ended.status).toBe(10);
    await source.query(`XA ROLLBACK 'late'`);
    await expectInOrder();
  });

  test('one is open: its client is cut off, and cannot prepare it any more', async () => {
    const client = await asXa(source);
    client.on('error', () => undefined);
    await client.query(begun('open'));
    await (await own.setUp(source, replica)).ok(...switchover, '--yes');
    await expect(client.query(`XA END 'open'; XA PREPARE 'open'`)).rejects.toThrow();
    client.destroy();
    swap();
    await expectInOrder();
  });
});

test('the source was written to after it had been replaced: that is named, exit 1', async () => {
  if (!isMysql) return;
  const open = (on: number) => `SET GLOBAL super_read_only = ${on}`;
  const failover = { after: asRoot(source, `${open(0)}; ${write}; ${open(1)}`) };
  const setup = await own.setUp(source, replica, { failover });
  const ended = await setup.run(...switchover, '--yes', '--json');
  expect(ended.status).toBe(1);
  const { promotion } = ended.json as PromoteResult;
  expect(promotion?.alone).toMatch(/^[\da-f-]{36}:\d+$/);
  expect(promotion?.warnings.join()).toMatch(/was written to after it had been replaced/);
  await setup.ok('pair', 'rejoin', '--yes');
  swap();
  await expectInOrder();
});

test('semi-synchronous replication goes over to the new source', async () => {
  const [asSource, asReplica] = isMysql ? ['source', 'replica'] : ['master', 'slave'];
  const plugin = (role: string) =>
    `INSTALL PLUGIN rpl_semi_sync_${role} SONAME 'semisync_${role}.so'`;
  const on = `rpl_semi_sync_${asSource}_enabled`;
  const both = async (sql: string) => {
    for (const server of [source, replica]) await server.query(sql);
  };
  const set = isMysql ? 'SET GLOBAL super_read_only = 0; SET sql_log_bin = 0; ' : '';
  const reset = '; SET sql_log_bin = 1; SET GLOBAL super_read_only = 1';
  if (isMysql) {
    await both(`${set}${plugin('source')}; ${plugin('replica')}${reset}`);
    await source.query('SET GLOBAL read_only = 0');
  }
  // For ever, as those set it who must not lose anything.
  await both(
    `SET GLOBAL rpl_semi_sync_${asSource}_timeout = 1000000000, GLOBAL rpl_semi_sync_${asReplica}_enabled = 1`,
  );
  await replica.query('STOP REPLICA IO_THREAD; START REPLICA IO_THREAD');
  await source.query(`SET GLOBAL ${on} = 1; ${write}`);
  const expectSwapped = async () => {
    swap();
    await expectInOrder();
    for (const [server, value] of [[source, 1] as const, [replica, 0] as const])
      expect(await server.query(`SELECT @@GLOBAL.${on} AS isOn`)).toEqual([{ isOn: value }]);
  };
  const setup = await own.setUp(source, replica);
  const command = [...switchover, '--yes'];
  // Killed when it is off at the old source, and not yet on at the new one.
  expect((await setup.runUntil('act CHANGE .*TO', 'SIGKILL', ...command)).status).toBe(137);
  const ended = await setup.ok(...command);
  expect(ended.stderr).toContain(`127.0.0.1:${source.port}: SET GLOBAL ${on} = OFF`);
  await expectSwapped();

  const up = await source.down();
  const after = await own.setUp(source, replica);
  await after.ok('pair', 'promote', '--yes');
  await up();
  // As its option file has it.
  await source.query(
    `SET GLOBAL rpl_semi_sync_${asSource}_timeout = 1000000000, GLOBAL ${on} = 1, GLOBAL rpl_semi_sync_${asReplica}_enabled = 1`,
  );
  await replica.query(`SET GLOBAL ${on} = 1`);
  await after.ok('pair', 'rejoin', '--yes');
  await expectSwapped();
  await both(`SET GLOBAL ${on} = 0`);
});

describe('refused, and nothing is changed', () => {
  test('the source follows a third server', async () => {
    const channel = isMysql ? "FOR CHANNEL 'third'" : '';
    await source.query(
      isMysql
        ? `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = 1 ${channel}`
        : "CHANGE MASTER 'third' TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1",
    );
    await expectRefused(/follows 127\.0\.0\.1:1 itself/);
    await source.query(isMysql ? `RESET REPLICA ALL ${channel}` : "RESET SLAVE 'third' ALL");
  });

  test('a password that MySQL takes from no replica', async () => {
    if (!isMysql) return;
    const account = { user: 'wordy', password: 'a password of more than 32 letters' };
    await source.query(
      `CREATE USER wordy@'%' IDENTIFIED BY '${account.password}'; GRANT REPLICATION SLAVE ON *.* TO wordy@'%'`,
    );
    await own.as(source, replica).waitForCatchUp();
    await expectRefused(/has 34 letters, and MySQL takes 32/, { replication: account });
  });

  test('transactions of its own on the replica, until it is a copy again', async () => {
    const local = 'INSERT INTO shop.item VALUES (100000, 0)';
    await replica.query(
      isMysql
        ? `SET GLOBAL super_read_only = 0; ${local}; SET GLOBAL super_read_only = 1`
        : `SET gtid_domain_id = 9; ${local}; SET gtid_domain_id = DEFAULT`,
    );
    await source.query(write);
    const setup = await own.setUp(source, replica);
    const ended = await setup.run(...switchover, '--yes');
    expect(ended.stderr).toMatch(/has what its source has not: .*pair rejoin shop/s);
    expect(ended.status).toBe(10);
    await setup.ok('pair', 'rejoin', '--yes');
    await expectInOrder();
  });
});

test('a source that leaves databases out of its binary log: refused, and `doctor` fails', async () => {
  const args = ['--binlog-ignore-db=scratch'];
  const filtered = await startPair(engine, start, { source: 24, replica: 25, args });
  try {
    await filtered.source.query(
      `${chiefSql}; CREATE DATABASE shop; CREATE TABLE shop.item (n INT)`,
    );
    await filtered.waitForCatchUp();
    const setup = await own.setUp(filtered.source, filtered.replica);
    const ended = await setup.run(...switchover, '--yes');
    expect(ended.stderr).toMatch(/leaves data out of its binary log \(binlog-ignore-db=scratch\)/);
    expect(ended.status).toBe(10);
    const looked = await setup.run('doctor');
    expect(looked.stdout).toMatch(/FAIL +binary log filters +.*binlog-ignore-db=scratch/);
    const planned = await setup.run('pair', 'setup', '--dry-run');
    expect(planned.stderr).toMatch(/leaves data out of its binary log/);
  } finally {
    await Promise.all([filtered.source.stop(), filtered.replica.stop()]);
  }
});
