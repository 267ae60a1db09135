import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { RejoinResult } from '../../src/rejoinOptions.js';
import type { PromoteResult } from '../../src/promoteOptions.js';
import type { PairStatus } from '../../src/status.js';
import { waitFor } from '../../src/util/wait.js';
import { emptyServer, startNetwork, type OwnServer } from '../rig/index.js';
import { engine } from '../rig/shared.js';
import type { Setup } from '../support/cli.js';
import { fakeMysqldump } from '../support/fakeMysqldump.js';
import { gtidsOf } from '../support/gtids.js';
import { applicationSql, ledgerOf, startApplication } from '../support/ledger.js';
import { chiefSql, durable, isWritable, ownPair } from '../support/ownPair.js';
import { keysIn } from '../support/store.js';

// A pair in a network whose links are cut one by one. What is cut says nothing: no reset, no FIN.

const isMysql = engine === 'mysql';
const network = await startNetwork();
const netTimeout = isMysql ? '--replica-net-timeout=4' : '--slave-net-timeout=4';
const own = ownPair([...durable, netTimeout], { network });
let source: OwnServer;
let replica: OwnServer;
/** Where each is in the network: the roles change, the places do not. */
const placeOf = (server: OwnServer) => (server === own.servers()[0] ? 'source' : 'replica');
const between = { cut: async () => await network.cut('source', 'replica') };

/** Servers that are given up soon, so that tests are. */
const soon = { failover: { maxPause: '3s' }, freeze: { lease: '5s' } };
async function setUp(more: Record<string, unknown> = {}): Promise<Setup> {
  return await own.setUp(source, replica, { ...soon, ...more });
}

beforeAll(async () => {
  [source, replica] = own.servers();
  await source.query(`${applicationSql} INSERT INTO app.ledger VALUES (1, 'first')`);
  await own.as(source, replica).waitForCatchUp();
});
afterAll(async () => await network.stop());
afterEach(async () => {
  await network.heal();
  await expectInOrder();
});

/** One writer, replication goes on by itself, and both are equal. */
async function expectInOrder(): Promise<void> {
  expect([await isWritable(source), await isWritable(replica)]).toEqual([true, false]);
  await write();
  const pair = own.as(source, replica);
  await pair.waitForCatchUp();
  expect((await pair.faults()).filter((fault) => !fault.includes('GTIDs of its own'))).toEqual([]);
  expect(await ledgerOf(replica)).toEqual(await ledgerOf(source));
  expect(await extraOn(replica, source)).toBe('');
}

/** GTIDs that one has and the other has not. */
async function extraOn(one: OwnServer, other: OwnServer): Promise<string> {
  const of = async (server: OwnServer) =>
    ((await gtidsOf(server)) as { gtid: string }[])[0]!.gtid.replace(/\s/g, '');
  const [mine, theirs] = [await of(one), await of(other)];
  if (!isMysql) return mine === theirs ? '' : `${mine} against ${theirs}`;
  const [row] = await one.query<{ extra: string }>(
    `SELECT GTID_SUBTRACT('${mine}', '${theirs}') AS extra`,
  );
  return row!.extra;
}

async function write(): Promise<void> {
  await source.query("INSERT INTO app.ledger SELECT MAX(id) + 1, 'one more' FROM app.ledger");
}

/** The replica receives, and applies nothing until what this answers is called, or the test has ended. */
async function blockApplier(): Promise<() => Promise<void>> {
  const blocker = await replica.connect();
  onTestFinished(() => blocker.destroy());
  await blocker.query('FLUSH TABLES WITH READ LOCK');
  return async () => await blocker.end();
}

/** Until the replica has noticed that its source is gone. */
async function untilNoticed(): Promise<void> {
  const isLost = async () => {
    const [row] = await replica.query<Record<string, string>>('SHOW REPLICA STATUS');
    const running = row?.['Replica_IO_Running'] ?? row?.['Slave_IO_Running'];
    return running === 'Yes' ? null : true;
  };
  expect(await waitFor(isLost, { within: 60 })).toBe(true);
}

/** Until all that the source has written is in relay logs. */
async function untilReceived(): Promise<void> {
  const logs = isMysql ? 'SHOW BINARY LOG STATUS' : 'SHOW BINLOG STATUS';
  const isThere = async () => {
    const [log] = await source.query<{ Position: number }>(logs);
    const [row] = await replica.query<Record<string, number>>('SHOW REPLICA STATUS');
    const read = row?.['Read_Source_Log_Pos'] ?? row?.['Read_Master_Log_Pos'];
    return read === log!.Position ? true : null;
  };
  expect(await waitFor(isThere, { within: 30 })).toBe(true);
}

async function statusOf(setup: Setup): Promise<PairStatus> {
  return ((await setup.run('status', '--json')).json as PairStatus[])[0]!;
}

describe('the replica does not reach its source, and everybody else reaches both', () => {
  test('pair setup: refused, nothing is changed; then it goes through', async () => {
    const setup = await setUp();
    await replica.query('SET GLOBAL read_only = OFF');
    await emptyServer(replica);
    await replica.query(`SET sql_log_bin = 0; ${chiefSql}; SET sql_log_bin = 1`);
    const before = [await gtidsOf(source), await gtidsOf(replica)];
    await between.cut();
    const refused = await setup.run('pair', 'setup', '--yes');
    expect(refused.stderr).toMatch(/the replica of shop does not reach 10\.77\.0\.2:\d+/);
    expect(refused.stderr).toMatch(/firewall/);
    expect(refused.status).toBe(10);
    expect([await gtidsOf(source), await gtidsOf(replica)]).toEqual(before);
    expect(await replica.query('SHOW REPLICA STATUS')).toEqual([]);
    await network.heal();
    await setup.ok('pair', 'setup', '--yes');
  });

  test('nothing that changes roles goes through, status says why, and it heals by itself', async () => {
    const setup = await setUp();
    await between.cut();
    // Nobody has noticed yet.
    await write();
    const blind = await setup.run('pair', 'promote', '--switchover', '--yes');
    expect(blind.stderr).toMatch(/has not reached .* within 3 s/);
    expect(blind.stderr).toMatch(/takes writes again/);
    expect(blind.status).toBe(10);
    expect([await isWritable(source), await isWritable(replica)]).toEqual([true, false]);
    await untilNoticed();
    const failover = await setup.run('pair', 'promote', '--yes');
    expect(failover.stderr).toMatch(/the source of shop answers and takes writes/);
    expect(failover.status).toBe(10);
    const switchover = await setup.run('pair', 'promote', '--switchover', '--yes');
    expect(switchover.stderr).toMatch(/the replica of shop is not connected to its source/);
    expect(switchover.status).toBe(10);
    const backup = await setup.run('backup');
    expect(backup.stderr).toMatch(/the I\/O thread of the replica of shop is connecting/);
    expect(backup.status).toBe(10);
    const { channels, source: drawn } = await statusOf(setup);
    expect(drawn.takesWrites).toBe(true);
    expect(channels).toMatchObject([{ receiver: 'connecting', applier: 'running' }]);
    expect(channels[0]!.error).toMatch(/10\.77\.0\.2/);
  });

  test('cut in the midst of a switchover: it goes through, and the old source follows by itself', async () => {
    const setup = await setUp({ failover: { maxPause: '60s' } });
    const unblock = await blockApplier();
    await write();
    await untilReceived();
    const running = setup.run('pair', 'promote', '--switchover', '--yes', '--json');
    const isClosed = async () => ((await isWritable(source)) ? null : true);
    expect(await waitFor(isClosed, { within: 30 })).toBe(true);
    await between.cut();
    await unblock();
    const ended = await running;
    const { status, promotion } = ended.json as PromoteResult;
    expect(status).toBe('promoted');
    expect(promotion?.warnings.join()).toMatch(/the source of shop does not reach 10\.77\.0\.3/);
    expect(ended.status).toBe(1);
    [source, replica] = [replica, source];
    expect([await isWritable(source), await isWritable(replica)]).toEqual([true, false]);
  });
});

describe('the coordinator does not reach the source', () => {
  test('the replica still follows it: promote is refused until --source-fenced; then rejoin', async () => {
    const setup = await setUp();
    await network.cut('coordinator', placeOf(source));
    const refused = await setup.run('pair', 'promote', '--yes');
    expect(refused.stderr).toMatch(/the replica still follows it/);
    expect(refused.status).toBe(10);
    expect([await isWritable(source), await isWritable(replica)]).toEqual([true, false]);
    await source.query('SET GLOBAL read_only = ON');
    await setup.ok('pair', 'promote', '--source-fenced', '--yes');
    await network.heal();
    [source, replica] = [replica, source];
    await setup.ok('pair', 'rejoin', '--yes');
  });

  test('nor does the replica, and the application goes on there: what it wrote alone is saved', async () => {
    const setup = await setUp();
    await setup.ok('backup');
    const application = startApplication(source, 200_001);
    const wrote = async (rows: number) => {
      const goal = application.acknowledged.length + rows;
      const isThere = async () => Promise.resolve(application.acknowledged.length >= goal || null);
      expect(await waitFor(isThere, { within: 60 })).toBe(true);
    };
    await wrote(20);
    await network.cut('coordinator', placeOf(source));
    await between.cut();
    await wrote(20);
    const ended = await setup.ok('pair', 'promote', '--yes');
    expect(ended.stdout).toMatch(/may be lost/);
    await wrote(20);
    await application.stop();
    await network.heal();
    [source, replica] = [replica, source];
    const alone = (await ledgerOf(replica)).length - (await ledgerOf(source)).length;
    expect(alone).toBeGreaterThan(20);
    const { rescued, seededFrom } = (await setup.ok('pair', 'rejoin', '--yes', '--json'))
      .json as RejoinResult;
    expect(seededFrom).not.toBeNull();
    const keys = await keysIn(setup.storePath);
    for (const { key } of rescued!.files) expect(keys).toContain(key);
  });
});

describe('the coordinator does not reach the replica', () => {
  test('in the middle of a freeze: the replica resumes by itself, the backup fails, nothing is listed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stillpoint-test-'));
    onTestFinished(async () => await rm(folder, { recursive: true }));
    // The rows are all that is left to be dumped: else another connection fails before the lease.
    const dump = { checksums: false, accounts: false };
    const tools = await fakeMysqldump(`touch ${join(folder, 'rows')}; sleep 600`);
    const setup = await setUp({ tools, dump });
    const running = setup.run('backup');
    const pair = own.as(source, replica);
    const isAtRows = async () => ((await readdir(folder)).length > 0 ? true : null);
    expect(await waitFor(isAtRows, { within: 60 })).toBe(true);
    expect(await pair.applierRunning()).toBe(false);
    await network.cut('coordinator', placeOf(replica));
    const resumes = async () => ((await pair.applierRunning()) ? true : null);
    expect(await waitFor(resumes, { within: 60 })).toBe(true);
    await network.heal();
    const ended = await running;
    expect(ended.stderr).toMatch(/lease on the replica of shop was lost/);
    expect(ended.status).toBe(1);
    expect((await setup.ok('list', '--json')).json).toEqual([]);
  });

  test('in the middle of a switchover: the source takes writes again', async () => {
    const setup = await setUp();
    const unblock = await blockApplier();
    await write();
    const running = setup.run('pair', 'promote', '--switchover', '--yes');
    const isClosed = async () => ((await isWritable(source)) ? null : true);
    expect(await waitFor(isClosed, { within: 30 })).toBe(true);
    await network.cut('coordinator', placeOf(replica));
    const isOpen = async () => ((await isWritable(source)) ? true : null);
    expect(await waitFor(isOpen, { within: 20 })).toBe(true);
    const ended = await running;
    await unblock();
    expect(ended.stderr).toMatch(/takes writes again/);
    expect(ended.status).toBe(10);
  });
});
