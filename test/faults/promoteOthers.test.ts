import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PromoteResult } from '../../src/promoteOptions.js';
import type { RejoinResult } from '../../src/rejoinOptions.js';
import { promotePair } from '../../src/promotePair.js';
import { promoteSteps } from '../../src/util/observe.js';
import { engine } from '../rig/shared.js';
import type { OwnServer } from '../rig/index.js';
import type { Ran, Setup } from '../support/cli.js';
import { killedEverywhere, manyRuns } from '../support/killed.js';
import { applicationSql, ledgerOf } from '../support/ledger.js';
import { channelsOf, ownGroup, reached } from '../support/ownGroup.js';
import { durable } from '../support/ownPair.js';

// A source and two replicas. Each test leaves one source that the two others follow; which is which, changes.

const isMysql = engine === 'mysql';
const portOf = isMysql ? 'Source_Port' : 'Master_Port';
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

/** A configuration in which east is not reached, with the store and the state of another. */
async function withoutEast({ storePath, config: { stateDir } }: Setup): Promise<Setup> {
  const replicas = { east: { ...east, port: 1 }, west };
  const same = { storeOptions: { path: storePath }, top: { stateDir } };
  return await group.setUp(source, replicas, same);
}

/** East has become the source. */
function swap(): void {
  [source, east] = [east, source];
}

async function expectInOrder(): Promise<void> {
  await group.expectInOrder(source, { east, west });
}
afterEach(expectInOrder);

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
    swap();
  });

  test(
    'SIGKILL at each step and before each statement, one after the other: it ends well',
    manyRuns,
    async () => {
      const { steps } = await killedEverywhere(await setUp(), switchover);
      expect(steps).toEqual(promoteSteps);
      swap();
    },
  );

  test('an error in the middle of turning the other one: it replicates as before', async () => {
    const setup = await setUp();
    const { others } = await promotePair(setup.config, {
      ...{ replica: 'east', switchover: true },
      observe: async (event) => {
        const at = event.type === 'act' ? `${event.on} ${event.says}` : '';
        if (at.startsWith(`127.0.0.1:${west.port} CHANGE`)) throw new Error('no room');
        await Promise.resolve();
      },
    });
    expect(others).toEqual([{ name: 'west', status: 'left', reason: 'no room' }]);
    await reached(source, west);
    expect(await channelsOf(west)).toMatchObject([{ [portOf]: source.port }]);
    swap();
    await rejoin(setup, '--replica', 'west');
  });

  test('killed in the middle of turning the other one: no other is promoted, the same again turns it', async () => {
    const setup = await setUp();
    expect((await setup.runUntil('act CHANGE .*TO', 'SIGKILL', ...switchover)).status).toBe(137);
    const [channel] = await channelsOf(west);
    expect(channel!['Replica_SQL_Running'] ?? channel!['Slave_SQL_Running']).toBe('No');
    const other = ['pair', 'promote', '--replica', 'west', '--yes', '--switchover'];
    const refused = await setup.run(...other);
    expect(refused.stderr).toMatch(/has not ended: replica east of shop is to be the source/);
    expect(refused.status).toBe(10);
    const away = await withoutEast(setup);
    const nobody = await away.run('pair', 'promote', '--yes', '--switchover');
    expect(nobody.stderr).toMatch(/has not ended: a replica that does not answer .*Start that/s);
    expect(nobody.status).toBe(10);
    await setup.ok('pair', 'promote', '--yes', '--switchover');
    swap();
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
    swap();
  });

  test('SIGKILL at each step, one after the other: the other one follows', manyRuns, async () => {
    const setup = await setUp();
    await bothReached();
    const up = await source.down();
    const { steps } = await killedEverywhere(setup, promote, { at: 'steps' });
    const withSource = ['close', 'follow-source'];
    expect(steps).toEqual(promoteSteps.filter((step) => !withSource.includes(step)));
    await up();
    await rejoin(setup);
    swap();
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
    const promoted = await setup.run('pair', 'rejoin', '--replica', 'east', '--yes');
    expect(promoted.stderr).toMatch(/east \(127\S+\) is the source now/);
    expect(promoted.status).toBe(10);
    const again = ['pair', 'rejoin', '--replica', 'west', '--yes'];
    expect((await setup.runUntil('follow-source', 'SIGKILL', ...again)).status).toBe(137);
    expect(await rejoin(setup, '--replica', 'west')).toMatchObject({ rescued: null, seed: null });
    const mended = await setup.ok(...promote, '--json');
    expect(mended.json).toMatchObject({ status: 'nothing', others: following, warnings: [] });
    await rejoin(setup);
    swap();
  });

  test('one that does not answer is left', async () => {
    const setup = await group.setUp(source, { east, west: { ...west, port: 1 } });
    await bothReached();
    const { others } = await failOver(setup, 1);
    expect(others).toMatchObject([{ name: 'west', status: 'left' }]);
    const found = await setup.run('pair', 'rejoin', '--replica', 'west', '--yes');
    expect(found.stderr).toMatch(/cannot connect to the replica west of shop/);
    const away = await withoutEast(setup);
    const replaced = await away.run('pair', 'rejoin', '--replica', 'west', '--yes');
    expect(replaced.stderr).toMatch(
      /source of shop was replaced by 127\S+, which does not answer: it is no source/,
    );
    expect(replaced.status).toBe(10);
    await rejoin(setup);
    // With the roles as they are now in the configuration.
    const swapped = await group.setUp(east, { east: source, west });
    expect(await rejoin(swapped, '--replica', 'west')).toMatchObject({ seed: null });
    swap();
  });

  test('one that has more is not attached: what it has alone is saved, and it is restored', async () => {
    const setup = await setUp();
    await bothReached();
    await east.query('STOP REPLICA IO_THREAD');
    const id = await row('on west only');
    await reached(source, west);
    let dry: Ran;
    const { others, promotion } = await failOver(setup, 1, async () => {
      dry = await setup.run(...promote, '--dry-run', '--json');
    });
    expect(dry!.json).toMatchObject({ status: 'planned', others });
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
    swap();
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
    await expectInOrder();
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
    swap();
  });

  test('SIGKILL in the middle of turning the other one, and the same again', async () => {
    const setup = await setUp();
    expect((await setup.runUntil('act CHANGE .*TO', 'SIGKILL', ...switchover)).status).toBe(137);
    await setup.ok('pair', 'promote', '--yes', '--switchover');
    swap();
  });

  test(
    'SIGKILL of a failover at each step and before each statement, one after the other',
    manyRuns,
    async () => {
      if (!isMysql) return;
      const setup = await setUp();
      await bothReached();
      const up = await source.down();
      const { ended } = await killedEverywhere(setup, [...promote, '--json']);
      expect(ended.json).toMatchObject({ others: following });
      await up();
      await turnGtidsOff(source);
      await rejoin(setup);
      swap();
    },
  );

  test('the source dies: one that stands at the same position follows, one behind is restored', async () => {
    const setup = await setUp();
    await bothReached();
    expect((await failOver(setup)).others).toEqual(following);
    await rejoin(setup);
    swap();
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
    swap();
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
    swap();
  });
});
