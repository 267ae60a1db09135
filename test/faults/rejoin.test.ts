import { execa } from 'execa';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PromoteResult } from '../../src/promoteOptions.js';
import { promotePair } from '../../src/promotePair.js';
import type { RejoinResult } from '../../src/rejoinOptions.js';
import { promoteSteps } from '../../src/util/observe.js';
import { waitFor } from '../../src/util/wait.js';
import { engine, tools } from '../rig/shared.js';
import { emptyServer, type OwnServer } from '../rig/index.js';
import type { Setup } from '../support/cli.js';
import {
  acknowledged,
  applicationSql,
  ledgerOf,
  savedIn,
  startApplication,
} from '../support/ledger.js';
import { expectRoles } from '../support/inOrder.js';
import { killedEverywhere, manyRuns } from '../support/killed.js';
import { durable, isWritable, ownPair } from '../support/ownPair.js';
import { isLost, received, status } from '../support/receiver.js';
import { keysIn } from '../support/store.js';

// The source dies, its replica takes its place, it comes back: again and again, with the roles swapped.

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
afterEach(async () => await expectRoles(source, replica, { table: 'app.ledger', write }));

/** The source dies, and its replica takes its place. */
async function failOver(setup: Setup): Promise<() => Promise<void>> {
  const up = await source.down();
  await setup.ok('pair', 'promote', '--yes');
  return up;
}

test('the source dies under writes, the replica behind: what had arrived is there, and it comes back', async () => {
  const setup = await own.setUp(source, replica);
  await setup.ok('backup');
  const last = Math.max(0, ...(await ledgerOf(source)));
  const began = Date.now();
  const application = startApplication(source, last + 1);
  await acknowledged(application, 20);
  const blocker = await replica.connect();
  await blocker.query('FLUSH TABLES WITH READ LOCK');
  await acknowledged(application, 50);
  const up = await source.down();
  const died = Date.now();
  await waitFor(async () => await isLost(replica), { within: 60 });
  const had = await received(replica);
  const promoting = setup.run('pair', 'promote', '--yes', '--json');
  const isClosing = async () => {
    const row = await status(replica);
    return (row['Replica_IO_Running'] ?? row['Slave_IO_Running']) === 'No' ? true : null;
  };
  await waitFor(isClosing, { within: 60 });
  await blocker.end();
  const ended = await promoting;
  expect(ended.status, ended.stderr).toBe(0);
  const { promotion } = ended.json as PromoteResult;
  expect(promotion?.received.position.file).toBe(had.file);
  expect(
    (promotion?.received.position.position ?? 0) + (promotion?.received.partialBytes ?? 0),
  ).toBe(had.position);
  await application.stop();
  const { lastContact, lastWritten } = promotion!.received;
  const heard = Date.parse((isMysql ? lastContact : lastWritten) ?? '');
  // Whole seconds.
  expect(heard).toBeGreaterThanOrEqual(began - 1000);
  expect(heard).toBeLessThanOrEqual(died);
  await up();
  // Its last rows may not have been sent: then they are saved.
  swap();
  const rows = await ledgerOf(source);
  const alone = (await ledgerOf(replica)).filter((id) => !rows.includes(id));
  const arrived = application.acknowledged.filter((id) => !alone.includes(id));
  expect(rows).toEqual(expect.arrayContaining(arrived));
  expect(arrived.length).toBeGreaterThan(20);
  const { status: how, rescued } = (await setup.ok('pair', 'rejoin', '--yes', '--json'))
    .json as RejoinResult;
  expect(how).toBe('following');
  expect(rescued === null).toBe(alone.length === 0);
  expect((await setup.ok('pair', 'rejoin', '--yes', '--json')).json).toMatchObject({
    status: 'nothing',
  });
});

test('it comes back with transactions of its own: they are saved, and it is restored', async () => {
  const setup = await own.setUp(source, replica);
  await setup.ok('backup');
  await replica.query('STOP REPLICA IO_THREAD');
  await source.query("INSERT INTO app.ledger VALUES (900001, 'never sent'), (900002, 'nor this')");
  const up = await source.down();
  const failed = await setup.ok('pair', 'promote', '--yes');
  expect(failed.stderr).toMatch(/the I\/O thread of the replica of shop was stopped/);
  await up();
  swap();
  const was = await isWritable(replica);
  const dry = await setup.ok('pair', 'rejoin', '--dry-run');
  expect(dry.stderr).toMatch(/save what it has alone/);
  expect(await isWritable(replica)).toBe(was);
  const ended = await setup.ok('pair', 'rejoin', '--yes', '--json');
  const { rescued, seededFrom } = ended.json as RejoinResult;
  expect(seededFrom).not.toBeNull();
  const keys = await keysIn(setup.storePath);
  for (const { key } of rescued!.files) expect(keys).toContain(key);
  const sql = await execa('zstd', ['-dc', join(setup.storePath, rescued!.files[0]!.key)]);
  expect(sql.stdout).toContain('never sent');
  expect((await ledgerOf(source)).includes(900001)).toBe(false);
});

test('restored from a backup before its last writes, it gets those back from the new source', async () => {
  const setup = await own.setUp(source, replica);
  await setup.ok('backup');
  await source.query("INSERT INTO app.ledger SELECT MAX(id) + 1, 'its own' FROM app.ledger");
  await own.as(source, replica).waitForCatchUp();
  const [before] = await source.query('SELECT @@GLOBAL.server_id AS id');
  const up = await failOver(setup);
  await up();
  swap();
  await setup.ok('pair', 'rejoin', '--reseed', '--yes');
  expect(await replica.query('SELECT @@GLOBAL.server_id AS id')).toEqual([before]);
});

test('an account that may write to read-only servers goes on at the old source of a switchover: no row is lost in silence', async () => {
  const setup = await own.setUp(source, replica);
  await setup.ok('backup');
  const right = isMysql ? 'CONNECTION_ADMIN' : 'READ_ONLY ADMIN';
  await source.query(`GRANT ${right} ON *.* TO app@'%'`);
  const application = startApplication(source, Math.max(0, ...(await ledgerOf(source))) + 1);
  await acknowledged(application, 20);
  const { promotion } = await promotePair(setup.config, {
    switchover: true,
    observe: async (event) => {
      // The read lock is gone, and the account is back before the old source follows.
      if (event.type === 'act' && event.says.startsWith('SET GLOBAL gtid_slave_pos'))
        await acknowledged(application, 1);
    },
  });
  await application.stop();
  swap();
  const rows = await ledgerOf(source);
  const alone = application.acknowledged.filter((id) => !rows.includes(id));
  if (isMysql) {
    expect([promotion?.warnings, promotion?.alone, alone]).toEqual([[], null, []]);
  } else {
    expect(promotion?.warnings.join()).toMatch(/was written to after it had been replaced: 0-\d+-/);
    expect(promotion?.alone).toMatch(/^0-/);
    const { rescued } = (await setup.ok('pair', 'rejoin', '--yes', '--json')).json as RejoinResult;
    const saved = await savedIn(setup, rescued);
    expect(saved).toEqual(expect.arrayContaining(alone));
    expect(saved.filter((id) => rows.includes(id))).toEqual([]);
    expect(alone.length).toBeGreaterThan(0);
  }
  await source.query(`REVOKE ${right} ON *.* FROM app@'%'`);
  expect(await ledgerOf(source)).toEqual(expect.arrayContaining(rows));
});

test('what waits until a switchover lets go of the old source is cut off, not acknowledged there', async () => {
  const setup = await own.setUp(source, replica);
  // As root, who may write to a read-only MariaDB.
  const [begun, late] = [await source.connect(), await source.connect()];
  for (const connection of [begun, late]) connection.on('error', () => undefined);
  await begun.query("BEGIN; INSERT INTO app.ledger VALUES (800001, 'begun')");
  let waiting: Promise<unknown> | undefined;
  const { promotion } = await promotePair(setup.config, {
    switchover: true,
    observe: async (event) => {
      if (event.type !== 'step' || event.step !== 'switch') return;
      waiting = late.query("INSERT INTO app.ledger VALUES (800002, 'late')").then(
        () => 'acknowledged',
        () => 'refused',
      );
      const waits = async () =>
        (
          await source.query(
            "SELECT 1 FROM information_schema.PROCESSLIST WHERE STATE = 'Waiting for backup lock'",
          )
        ).length > 0 ||
        isMysql ||
        null;
      expect(await waitFor(waits, { within: 30 })).toBe(true);
    },
  });
  expect(await waiting).toBe('refused');
  await expect(begun.query('COMMIT')).rejects.toThrow();
  for (const connection of [begun, late]) connection.destroy();
  expect(promotion).toMatchObject({ alone: null, warnings: [] });
  swap();
});

test('`restore --attach` into the server that was the source: it gets back what it had written', async () => {
  const before = await own.setUp(source, replica);
  await before.ok('backup');
  await source.query("INSERT INTO app.ledger SELECT MAX(id) + 1, 'its own' FROM app.ledger");
  await own.as(source, replica).waitForCatchUp();
  const id = await source.query('SELECT @@GLOBAL.server_id AS id');
  const up = await failOver(before);
  await up();
  swap();
  const setting = isMysql ? 'super_read_only' : 'read_only';
  await replica.query('SET GLOBAL read_only = OFF');
  await emptyServer(replica);
  const old = { socketPath: replica.socketPath, user: 'root', tools: { mysql: tools.mysql } };
  const storeOptions = { path: before.storePath };
  const setup = await own.setUp(source, replica, {}, { storeOptions, top: { targets: { old } } });
  const command = ['restore', 'latest', '--to', 'old', '--attach', '--into-pair-member', '--yes'];
  // It follows under another id then.
  expect((await setup.runUntil('lag', 'SIGKILL', ...command)).status).toBe(137);
  expect(await replica.query('SELECT @@GLOBAL.server_id AS id')).not.toEqual(id);
  await setup.ok(...command);
  expect(await replica.query('SELECT @@GLOBAL.server_id AS id')).toEqual(id);
  await replica.query(`SET GLOBAL ${setting} = ON`);
});

test('no promotion is on record: what is saved is what it has alone, not what came before', async () => {
  const setup = await own.setUp(source, replica);
  await setup.ok('backup');
  await source.query("FLUSH BINARY LOGS; INSERT INTO app.ledger VALUES (700001, 'was sent')");
  await own.as(source, replica).waitForCatchUp();
  await replica.query('STOP REPLICA IO_THREAD');
  await source.query("INSERT INTO app.ledger VALUES (700002, 'never sent'); FLUSH BINARY LOGS");
  await source.query("INSERT INTO app.ledger VALUES (700003, 'nor this')");
  const up = await failOver(await own.setUp(source, replica));
  await up();
  swap();
  const storeOptions = { path: setup.storePath };
  const swapped = await own.setUp(source, replica, {}, { storeOptions });
  // Only whoever names them knows which one is the source, as long as both take writes.
  await replica.query('SET GLOBAL read_only = ON');
  const { rescued } = (await swapped.ok('pair', 'rejoin', '--yes', '--json')).json as RejoinResult;
  expect(await savedIn(setup, rescued)).toEqual([700002, 700003]);
});

test('what was saved can be run again, also once its server has given its numbers to others', async () => {
  const setup = await own.setUp(source, replica);
  await setup.ok('backup');
  await replica.query('STOP REPLICA IO_THREAD');
  await source.query("INSERT INTO app.ledger VALUES (900003, 'to be played')");
  const up = await failOver(setup);
  await up();
  swap();
  const { rescued } = (await setup.ok('pair', 'rejoin', '--yes', '--json')).json as RejoinResult;
  const sql = await execa('zstd', ['-dc', join(setup.storePath, rescued!.files[0]!.key)]);
  const back = await own.setUp(source, replica);
  await back.ok('pair', 'promote', '--switchover', '--yes');
  swap();
  await source.query(
    "INSERT INTO app.ledger VALUES (900004, 'a'); DELETE FROM app.ledger WHERE id = 900004",
  );
  const connect = ['--no-defaults', '--binary-mode', '-u', 'root', '-S', source.socketPath];
  await execa(tools.mysql, connect, { input: sql.stdout });
  expect(await ledgerOf(source)).toContain(900003);
});

test('a server that may have lost what it had committed when it died is restored', async () => {
  const setup = await own.setUp(source, replica);
  await setup.ok('backup');
  const up = await failOver(setup);
  await up();
  swap();
  await replica.query('SET GLOBAL innodb_flush_log_at_trx_commit = 2');
  const ended = await setup.ok('pair', 'rejoin', '--yes', '--json');
  const { seededBecause, rescued } = ended.json as RejoinResult;
  expect(seededBecause).toMatch(/innodb_flush_log_at_trx_commit/);
  expect(rescued).toBeNull();
  await replica.query('SET GLOBAL innodb_flush_log_at_trx_commit = 1');
});

test('refused, and nothing is changed: what is named as the source is none', async () => {
  const setup = await own.setUp(source, replica);
  const swapped = await own.setUp(replica, source);
  const refusal = async (one: Setup) => {
    const ended = await one.run('pair', 'rejoin', '--yes');
    expect(ended.status, ended.stderr).toBe(10);
    return ended.stderr;
  };
  expect(await refusal(swapped)).toMatch(/source of shop follows 127\S+: it is no source/);
  await source.query('SET GLOBAL read_only = ON');
  expect(await refusal(setup)).toMatch(/source of shop takes no writes: it is no source/);
  await source.query('SET GLOBAL read_only = OFF');
});

describe('SIGKILL, and the same command again', () => {
  test(
    'of a failover at each step and before each statement, one after the other',
    manyRuns,
    async () => {
      const setup = await own.setUp(source, replica);
      const up = await source.down();
      const { steps } = await killedEverywhere(setup, ['pair', 'promote', '--yes']);
      const withSource = ['close', 'move-others', 'follow-source'];
      expect(steps).toEqual(promoteSteps.filter((step) => !withSource.includes(step)));
      await up();
      swap();
      await setup.ok('pair', 'rejoin', '--yes');
    },
  );

  test.each(['check-pair', 'close', 'follow-source'])('of a rejoin at %s', async (step) => {
    const setup = await own.setUp(source, replica);
    const up = await failOver(setup);
    await up();
    swap();
    const command = ['pair', 'rejoin', '--yes'];
    expect((await setup.runUntil(step, 'SIGKILL', ...command)).status).toBe(137);
    await setup.ok(...command);
  });

  test(
    'of a rejoin that restores from a backup, at each step and before each statement, one after the other',
    manyRuns,
    async () => {
      const setup = await own.setUp(source, replica);
      await setup.ok('backup');
      await replica.query('STOP REPLICA IO_THREAD');
      await source.query(
        "INSERT INTO app.ledger SELECT MAX(id) + 1000, 'never sent' FROM app.ledger",
      );
      const up = await failOver(setup);
      await up();
      swap();
      const { steps } = await killedEverywhere(setup, ['pair', 'rejoin', '--yes']);
      const restoring = ['rescue', 'seed', 'restore', 'attach'];
      expect(steps).toEqual(['check-pair', 'close', ...restoring, 'follow-source']);
      const [row] = await replica.query<{ id: number }>('SELECT @@GLOBAL.server_id AS id');
      expect(row!.id).toBeLessThan(100);
    },
  );
});
