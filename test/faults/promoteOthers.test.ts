import { beforeAll, describe, expect, test } from 'vitest';
import type { PromoteResult } from '../../src/promoteOptions.js';
import type { RejoinResult } from '../../src/rejoinPair.js';
import { engine } from '../rig/shared.js';
import type { OwnServer } from '../rig/index.js';
import type { Setup } from '../support/cli.js';
import { applicationSql, ledgerOf } from '../support/ledger.js';
import { channelsOf, ownGroup, reached } from '../support/ownGroup.js';
import { durable } from '../support/ownPair.js';

// A source and two replicas. Each test leaves one source that the two others follow; which is which, changes.

const isMysql = engine === 'mysql';
const group = ownGroup({ ids: [61, 62, 63], args: durable });
let source: OwnServer;
let east: OwnServer;
let west: OwnServer;

beforeAll(async () => {
  [source, east, west] = group.servers() as [OwnServer, OwnServer, OwnServer];
  await source.query(`${applicationSql} INSERT INTO app.ledger VALUES (1, 'first')`);
  await bothReached();
});

async function bothReached(): Promise<void> {
  for (const replica of [east, west]) await reached(source, replica);
}

const setUp = async () => await group.setUp(source, { east, west });

/** East has become the source. */
async function expectInOrder(): Promise<void> {
  [source, east] = [east, source];
  await group.expectInOrder(source, { east, west });
}

async function row(note: string): Promise<number> {
  const [last] = await source.query<{ id: number }>('SELECT MAX(id) + 1 AS id FROM app.ledger');
  await source.query(`INSERT INTO app.ledger VALUES (${last!.id}, '${note}')`);
  return last!.id;
}

const promote = ['pair', 'promote', '--replica', 'east', '--yes'];
const switchover = [...promote, '--switchover'];

/** Of MySQL, the modes on the way from GTIDs to none; empty as long as there are some. */
let modes: string[] = [];

/** What the command line says holds again after a restart. */
async function turnGtidsOff(...servers: OwnServer[]): Promise<void> {
  for (const mode of modes)
    for (const server of servers) await server.query(`SET GLOBAL gtid_mode = ${mode}`);
}

/** The source dies, east takes its place, and it is there again. */
async function failOver(
  setup: Setup,
  status = 0,
  whenDown: () => Promise<unknown> = async () => Promise.resolve(),
): Promise<PromoteResult> {
  const up = await source.down();
  await whenDown();
  const ended = await setup.run(...promote, '--json');
  expect(ended.status, ended.stderr).toBe(status);
  await up();
  await turnGtidsOff(source);
  return ended.json as PromoteResult;
}

async function rejoin(setup: Setup, ...args: string[]): Promise<RejoinResult> {
  return (await setup.ok('pair', 'rejoin', '--yes', '--json', ...args)).json as RejoinResult;
}

const following = [{ name: 'west', status: 'following', reason: null }];

describe('switchover', () => {
  test('the other replica follows the new source; --dry-run says how', async () => {
    const setup = await setUp();
    const dry = await setup.ok(...switchover, '--dry-run');
    const at = `127.0.0.1:${west.port}`;
    expect(dry.stderr).toMatch(new RegExp(`${at}: CHANGE .* TO .*_PORT = ${east.port}`));
    const { promotion, others } = (await setup.ok(...switchover, '--json')).json as PromoteResult;
    expect(others).toEqual(following);
    expect(promotion?.warnings).toEqual([]);
    await expectInOrder();
  });

  test.each(['move-others', 'follow-source'])('SIGKILL at %s, and the same again', async (step) => {
    const setup = await setUp();
    expect((await setup.runUntil(step, 'SIGKILL', ...switchover)).status).toBe(137);
    await setup.ok('pair', 'promote', '--yes', '--switchover');
    await expectInOrder();
  });

  test('killed in the middle of turning the other one: it is turned by the same again', async () => {
    const setup = await setUp();
    expect((await setup.runUntil('act CHANGE .*TO', 'SIGKILL', ...switchover)).status).toBe(137);
    const [channel] = await channelsOf(west);
    expect(channel!['Replica_SQL_Running'] ?? channel!['Slave_SQL_Running']).toBe('No');
    await setup.ok('pair', 'promote', '--yes', '--switchover');
    await expectInOrder();
  });
});

describe('the source dies', () => {
  test('the other one, though behind, follows; so does the old source when it is back', async () => {
    const setup = await setUp();
    await bothReached();
    await west.query('STOP REPLICA IO_THREAD');
    await row('not on west yet');
    await reached(source, east);
    const isBack = async () => await west.query('START REPLICA IO_THREAD');
    expect((await failOver(setup, 0, isBack)).others).toEqual(following);
    expect(await rejoin(setup)).toMatchObject({ status: 'following', rescued: null });
    await expectInOrder();
  });

  test('one that somebody has stopped is left, and comes back by its name', async () => {
    const setup = await setUp();
    await west.query('STOP REPLICA');
    await row('not on west');
    await reached(source, east);
    const { others } = await failOver(setup, 1);
    expect(others).toEqual([{ name: 'west', status: 'left', reason: 'its SQL thread is stopped' }]);
    const repeated = await setup.run(...promote, '--json');
    expect(repeated.json).toMatchObject({ status: 'nothing', others: [{ status: 'left' }] });
    expect(repeated.stderr).toMatch(/replica west of shop does not follow the new source/);
    expect(repeated.status).toBe(1);
    expect((await setup.run('pair', 'rejoin', '--replica', 'east', '--yes')).status).toBe(10);
    const again = ['pair', 'rejoin', '--replica', 'west', '--yes'];
    expect((await setup.runUntil('follow-source', 'SIGKILL', ...again)).status).toBe(137);
    expect(await rejoin(setup, '--replica', 'west')).toMatchObject({ rescued: null, seed: null });
    const mended = await setup.ok(...promote, '--json');
    expect(mended.json).toMatchObject({ status: 'nothing', others: following, warnings: [] });
    await rejoin(setup);
    await expectInOrder();
  });

  test('one that does not answer is left', async () => {
    const setup = await group.setUp(source, { east, west: { ...west, port: 1 } });
    await bothReached();
    const { others } = await failOver(setup, 1);
    expect(others).toMatchObject([{ name: 'west', status: 'left' }]);
    const found = await setup.run('pair', 'rejoin', '--replica', 'west', '--yes');
    expect(found.stderr).toMatch(/cannot connect to the replica west of shop/);
    await rejoin(setup);
    // With the roles as they are now in the configuration.
    const swapped = await group.setUp(east, { east: source, west });
    expect(await rejoin(swapped, '--replica', 'west')).toMatchObject({ seed: null });
    await expectInOrder();
  });

  test('one that has more is not attached: what it has alone is saved, and it is restored', async () => {
    const setup = await setUp();
    await bothReached();
    await east.query('STOP REPLICA IO_THREAD');
    const id = await row('on west only');
    await reached(source, west);
    const { others, promotion } = await failOver(setup, 1);
    expect(others).toMatchObject([{ name: 'west', status: 'left' }]);
    expect(others[0]!.reason).toMatch(
      isMysql ? /^it has \S+:\d+, which/ : /^it has 0-\d+-\d+, which/,
    );
    expect(promotion?.warnings.join()).toContain('stillpoint pair rejoin shop --replica west');
    const { rescued, seededBecause } = await rejoin(setup, '--replica', 'west');
    expect(seededBecause).toBe('it had transactions of its own');
    expect(rescued?.files.length).toBeGreaterThan(1);
    expect(await ledgerOf(west)).not.toContain(id);
    expect((await rejoin(setup)).rescued).not.toBeNull();
    await expectInOrder();
  });
});

describe('pair setup', () => {
  test('a second replica of an existing source; killed, the same again', async () => {
    const setup = await setUp();
    const unnamed = await setup.run('pair', 'setup', '--replace', '--yes');
    expect(unnamed.stderr).toMatch(/which replica of shop is to be set up/);
    expect(unnamed.status).toBe(2);
    await west.query(
      `STOP REPLICA; ${isMysql ? 'RESET REPLICA ALL' : 'RESET SLAVE ALL'}; SET GLOBAL read_only = OFF; DROP DATABASE app`,
    );
    const command = ['pair', 'setup', '--replica', 'west', '--replace', '--yes'];
    expect((await setup.runUntil('seeded', 'SIGKILL', ...command)).status).toBe(137);
    await setup.ok('pair', 'setup', '--replica', 'west', '--yes');
    await group.expectInOrder(source, { east, west });
    const again = await setup.ok('pair', 'setup', '--replica', 'east', '--yes', '--json');
    expect(again.json).toMatchObject({ status: 'nothing' });
  });
});

// MariaDB has GTIDs always, and goes by them from the first promotion on.
describe('by position', () => {
  beforeAll(async () => {
    await bothReached();
    for (const replica of [east, west])
      await replica.query(
        isMysql
          ? 'STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 0; START REPLICA'
          : 'STOP SLAVE; CHANGE MASTER TO MASTER_USE_GTID = no; START SLAVE',
      );
    if (isMysql) modes = ['ON_PERMISSIVE', 'OFF_PERMISSIVE', 'OFF'];
    await turnGtidsOff(source, east, west);
  });

  test('switchover: the other one goes to just where the new source stood', async () => {
    const setup = await setUp();
    const { others } = (await setup.ok(...switchover, '--json')).json as PromoteResult;
    expect(others).toEqual(following);
    if (isMysql) expect((await channelsOf(west))[0]!['Auto_Position']).toBe(0);
    await expectInOrder();
    const killed = await setUp();
    expect((await killed.runUntil('act CHANGE .*TO', 'SIGKILL', ...switchover)).status).toBe(137);
    await killed.ok('pair', 'promote', '--yes', '--switchover');
    await expectInOrder();
  });

  test('the source dies: one that stands at the same position follows, one behind is restored', async () => {
    const setup = await setUp();
    await bothReached();
    expect((await failOver(setup)).others).toEqual(following);
    await rejoin(setup);
    await expectInOrder();
    const late = await setUp();
    await bothReached();
    await west.query('STOP REPLICA IO_THREAD');
    await row('not on west');
    await reached(source, east);
    const isBack = async () => await west.query('START REPLICA IO_THREAD');
    const { others } = await failOver(late, isMysql ? 1 : 0, isBack);
    if (isMysql) expect(others[0]!.reason).toMatch(/^it is behind: it stands at/);
    const result = await rejoin(late, '--replica', 'west');
    expect(result.status).toBe(isMysql ? 'following' : 'nothing');
    if (isMysql) expect(result.seededBecause).toMatch(/has applied its source only up to/);
    expect(result.rescued).toBeNull();
    await rejoin(late);
    await expectInOrder();
  });

  test('one that has more is not attached', async () => {
    const setup = await setUp();
    await bothReached();
    await east.query('STOP REPLICA IO_THREAD');
    const id = await row('on west only');
    await reached(source, west);
    const { others } = await failOver(setup, 1);
    expect(others[0]!.reason).toMatch(isMysql ? /^it is ahead: it stands at/ : /which .* lacks$/);
    if (isMysql) {
      // It has logged with GTIDs once, and its binary logs cannot be read while they are off.
      const ended = await setup.run('pair', 'rejoin', '--replica', 'west', '--yes');
      expect(ended.stderr).toMatch(/Run on it: SET GLOBAL gtid_mode = OFF_PERMISSIVE/);
      await west.query('SET GLOBAL gtid_mode = OFF_PERMISSIVE');
    }
    expect((await rejoin(setup, '--replica', 'west')).rescued).not.toBeNull();
    expect(await ledgerOf(west)).not.toContain(id);
    await rejoin(setup);
    await expectInOrder();
  });
});
