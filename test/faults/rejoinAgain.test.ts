import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { waitFor } from '../../src/util/wait.js';
import type { RejoinResult } from '../../src/rejoinOptions.js';
import { engine } from '../rig/shared.js';
import type { OwnServer } from '../rig/index.js';
import { applicationSql, ledgerOf, savedIn } from '../support/ledger.js';
import { expectRoles } from '../support/inOrder.js';
import { durable, isWritable, ownPair } from '../support/ownPair.js';

// What may have happened between two runs, or before the first: nothing of a server is taken from it unsaved.

const isMysql = engine === 'mysql';
const own = ownPair(durable);
let source: OwnServer;
let replica: OwnServer;

beforeAll(async () => {
  [source, replica] = own.servers();
  await source.query(`${applicationSql} INSERT INTO app.ledger VALUES (1, 'first')`);
  await own.as(source, replica).waitForCatchUp();
});

function swap(): void {
  [source, replica] = [replica, source];
}

const write = 'INSERT INTO app.ledger SELECT COALESCE(MAX(id), 0) + 1, "n" FROM app.ledger';
const expectInOrder = async () =>
  await expectRoles(source, replica, { table: 'app.ledger', write });
const rejoin = ['pair', 'rejoin', '--yes', '--json'];

/** Writes a row to a server that takes no writes, as root. */
async function writeTo(server: OwnServer, id: number): Promise<void> {
  const open = isMysql ? 'SET GLOBAL super_read_only = OFF; ' : '';
  const close = isMysql ? '; SET GLOBAL super_read_only = ON' : '';
  await server.query(`${open}INSERT INTO app.ledger VALUES (${id}, 'alone')${close}`);
}

test('no record tells which of two that take writes is the source: neither is emptied', async () => {
  const setup = await own.setUp(source, replica);
  await setup.ok('backup');
  const up = await source.down();
  await setup.ok('pair', 'promote', '--yes');
  await replica.query("INSERT INTO app.ledger VALUES (1001, 'since the failover')");
  await up();
  await source.query('SET GLOBAL read_only = OFF');
  await rm(join(setup.storePath, 'shop/promotions'), { recursive: true });
  await rm(setup.config.stateDir, { recursive: true, force: true });
  const ended = await setup.run(...rejoin);
  expect(ended.stderr).toMatch(/take writes, and no promotion is on record/);
  expect(ended.status).toBe(10);
  expect([await isWritable(source), await isWritable(replica)]).toEqual([true, true]);
  expect(await ledgerOf(replica)).toContain(1001);

  swap();
  const storeOptions = { path: setup.storePath };
  const swapped = await own.setUp(source, replica, {}, { storeOptions });
  expect((await swapped.run(...rejoin)).status).toBe(10);
  await replica.query('SET GLOBAL read_only = ON');
  await swapped.ok(...rejoin);
  expect(await ledgerOf(replica)).toContain(1001);
  await expectInOrder();
});

test.each(['a row of its own', '--reseed', '--seed source'])(
  'one that follows already is restored for %s',
  async (why) => {
    const setup = await own.setUp(source, replica);
    if (why !== 'a row of its own') {
      const { seededFrom, seed } = (await setup.ok(...rejoin, ...why.split(' ')))
        .json as RejoinResult;
      expect([seed, seededFrom]).toEqual(['source', null]);
      await expectInOrder();
      return;
    }
    await writeTo(replica, 2001);
    const { rescued, seededBecause } = (await setup.ok(...rejoin)).json as RejoinResult;
    expect(seededBecause).toMatch(/of its own/);
    expect(await savedIn(setup, rescued)).toEqual([2001]);
    expect(await ledgerOf(replica)).not.toContain(2001);
    await expectInOrder();
  },
);

test('what was written since an interrupted restore is saved before that goes on', async () => {
  const setup = await own.setUp(source, replica);
  await setup.ok('backup');
  expect((await setup.runUntil('attach', 'SIGKILL', ...rejoin, '--reseed')).status).toBe(137);
  // Somebody lets it follow with another coordinator, and makes it the source for a while.
  const shared = { storeOptions: { path: setup.storePath } };
  const other = await own.setUp(source, replica, {}, shared);
  await other.ok(...rejoin, '--seed', 'source');
  await other.ok('pair', 'promote', '--switchover', '--yes');
  swap();
  await replica.query('STOP REPLICA IO_THREAD');
  await source.query("INSERT INTO app.ledger VALUES (3001, 'never sent')");
  const up = await source.down();
  const back = await own.setUp(source, replica, {}, shared);
  await back.ok('pair', 'promote', '--yes');
  await up();
  swap();
  const ended = await setup.ok(...rejoin);
  expect(ended.json).toMatchObject({ seededBecause: 'it had transactions of its own' });
  const { rescued } = ended.json as RejoinResult;
  expect(await savedIn(setup, rescued)).toContain(3001);
  expect(await ledgerOf(replica)).not.toContain(3001);
  await expectInOrder();
});

test('from a backup of the moment at which the new source was restored itself', async () => {
  const setup = await own.setUp(source, replica);
  await setup.ok('backup');
  await setup.ok(...rejoin, '--reseed');
  await setup.ok('backup');
  await source.query("INSERT INTO app.ledger VALUES (4001, 'after it')");
  await own.as(source, replica).waitForCatchUp();
  await replica.query('STOP REPLICA IO_THREAD');
  await source.query("INSERT INTO app.ledger VALUES (4002, 'never sent')");
  const up = await source.down();
  await setup.ok('pair', 'promote', '--yes');
  await up();
  swap();
  const { seed, rescued } = (await setup.ok(...rejoin)).json as RejoinResult;
  expect(seed).toBe('backup');
  expect(await savedIn(setup, rescued)).toEqual([4002]);
  expect(await ledgerOf(replica)).toContain(4001);
  await expectInOrder();
});

test('rows of its own between those of its source, as MariaDB takes them without gtid_strict_mode', async () => {
  if (isMysql) return;
  const setup = await own.setUp(source, replica);
  await replica.query('SET GLOBAL gtid_strict_mode = OFF');
  for (const id of [7001, 7003]) {
    await writeTo(replica, id);
    await source.query(`INSERT INTO app.ledger VALUES (${id + 1}, 'between')`);
    await own.as(source, replica).waitForCatchUp();
  }
  await replica.query('SET GLOBAL gtid_strict_mode = ON');
  const { rescued } = (await setup.ok(...rejoin)).json as RejoinResult;
  expect(await savedIn(setup, rescued)).toEqual([7001, 7003]);
  await expectInOrder();
});

test('one that was turned to a server that is not there', async () => {
  const setup = await own.setUp(source, replica);
  await replica.query(
    isMysql
      ? 'STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_PORT = 1; START REPLICA'
      : 'STOP SLAVE; CHANGE MASTER TO MASTER_PORT = 1; START SLAVE',
  );
  await setup.ok(...rejoin);
  await expectInOrder();
});

test('a transaction that was prepared (XA) and left does not hold it up', async () => {
  const setup = await own.setUp(source, replica);
  await setup.ok('backup');
  await replica.query('STOP REPLICA IO_THREAD');
  const client = await source.connect();
  await client.query(
    "XA START 'left', 'here'; INSERT INTO app.ledger VALUES (5001, 'prepared'); XA END 'left', 'here'; XA PREPARE 'left', 'here'",
  );
  await source.query("INSERT INTO app.ledger VALUES (5002, 'never sent')");
  client.on('error', () => undefined);
  const up = await source.down();
  await setup.ok('pair', 'promote', '--yes');
  await up();
  swap();
  expect(await replica.query('XA RECOVER')).toHaveLength(1);
  await setup.ok(...rejoin);
  expect(await replica.query('XA RECOVER')).toEqual([]);
  await expectInOrder();
});

test('a restore that cannot go on is begun anew from the source, by --seed', async () => {
  const setup = await own.setUp(source, replica);
  await setup.ok('backup');
  expect((await setup.runUntil('lag', 'SIGKILL', ...rejoin, '--reseed')).status).toBe(137);
  // It stands at what the source no longer has.
  await replica.query(isMysql ? 'STOP REPLICA' : 'STOP SLAVE');
  await source.query("INSERT INTO app.ledger VALUES (6001, 'purged'); FLUSH BINARY LOGS");
  // The thread that fed it may hold a log for a moment.
  const isPurged = async () => {
    const logs = await source.query<{ Log_name: string }>('FLUSH BINARY LOGS; SHOW BINARY LOGS');
    await source.query(`PURGE BINARY LOGS TO '${logs.at(-1)!.Log_name}'`);
    return (await source.query('SHOW BINARY LOGS')).length === 1 || null;
  };
  expect(await waitFor(isPurged, { within: 60, every: 500 })).toBe(true);
  const ended = await setup.run(...rejoin, '--reseed');
  expect(ended.stderr).toMatch(/stopped/);
  expect(ended.status).toBe(1);
  const { seed } = (await setup.ok(...rejoin, '--seed', 'source')).json as RejoinResult;
  expect(seed).toBe('source');
  expect((await readdir(setup.config.stateDir)).filter((file) => file.includes('restore'))).toEqual(
    [],
  );
  await expectInOrder();
});
