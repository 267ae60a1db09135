import { execa } from 'execa';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PromoteResult } from '../../src/promoteOptions.js';
import { promotePair } from '../../src/promotePair.js';
import type { RejoinResult } from '../../src/rejoinOptions.js';
import { promoteSteps } from '../../src/util/observe.js';
import { waitFor } from '../../src/util/wait.js';
import { engine } from '../rig/shared.js';
import type { OwnServer } from '../rig/index.js';
import type { Setup } from '../support/cli.js';
import { killedEverywhere, manyRuns } from '../support/killed.js';
import { applicationSql, ledgerOf, startApplication } from '../support/ledger.js';
import { channelsOf, ownGroup, positionOf, reached } from '../support/ownGroup.js';
import { durable } from '../support/ownPair.js';
import { keysIn } from '../support/store.js';

// A pair that replicates by file and position, as many old ones do: MySQL without GTIDs, MariaDB that does not go
// by them. Each test leaves the pair with its roles in order; which server has which, changes.

const isMysql = engine === 'mysql';
// An applier with parallel threads says that it has read everything before all is applied.
const parallel = isMysql ? '--replica-parallel-workers=4' : '--slave-parallel-threads=4';
const group = ownGroup({ ids: [41, 42], args: [...durable, parallel], byPosition: true });
let source: OwnServer;
let replica: OwnServer;

beforeAll(async () => {
  [source, replica] = group.servers() as [OwnServer, OwnServer];
  await source.query(`${applicationSql} INSERT INTO app.ledger VALUES (1, 'first');
    CREATE EVENT app.tick ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO DELETE FROM app.ledger WHERE id = 0`);
  await reached(source, replica);
});

/** MariaDB goes by GTID once it was turned around, as it is told to. */
async function byPosition(): Promise<void> {
  if (isMysql) return;
  await replica.query('STOP SLAVE; CHANGE MASTER TO MASTER_USE_GTID = no; START SLAVE');
  await reached(source, replica);
}

function swap(): void {
  [source, replica] = [replica, source];
}

async function expectInOrder(): Promise<void> {
  await group.expectInOrder(source, replica);
  const status = 'SELECT STATUS AS status FROM information_schema.EVENTS';
  expect((await source.query<{ status: string }>(status))[0]!.status).toBe('ENABLED');
  expect((await replica.query<{ status: string }>(status))[0]!.status).toMatch(/SIDE_?DISABLED/);
  await byPosition();
}
afterEach(expectInOrder);

async function failOver(setup: Setup): Promise<void> {
  const up = await source.down();
  await setup.ok('pair', 'promote', '--yes');
  await up();
  swap();
}

/** The source dies with a transaction that was never sent. */
async function failOverWithExtra(setup: Setup): Promise<number> {
  await replica.query('STOP REPLICA IO_THREAD');
  const [row] = await source.query<{ id: number }>('SELECT MAX(id) + 1000 AS id FROM app.ledger');
  await source.query(`INSERT INTO app.ledger VALUES (${row!.id}, 'never sent')`);
  await failOver(setup);
  return row!.id;
}

const rejoined = async (setup: Setup, ...args: string[]) =>
  (await setup.ok('pair', 'rejoin', '--yes', '--json', ...args)).json as RejoinResult;

async function savedIn(setup: Setup, { rescued }: RejoinResult): Promise<string> {
  const keys = await keysIn(setup.storePath);
  for (const { key } of rescued!.files) expect(keys).toContain(key);
  return (await execa('zstd', ['-dc', join(setup.storePath, rescued!.files[0]!.key)])).stdout;
}

const command = ['pair', 'promote', '--switchover', '--yes'];

describe('switchover', () => {
  beforeAll(byPosition);

  test('under writes: no acknowledged row is lost, and the old source follows', async () => {
    const setup = await group.setUp(source, replica);
    const [{ id }] = (await source.query('SELECT MAX(id) + 1 AS id FROM app.ledger')) as [
      { id: number },
    ];
    const application = startApplication(source, id);
    const wrote = async (rows: number) => {
      const goal = application.acknowledged.length + rows;
      const isThere = async () => Promise.resolve(application.acknowledged.length >= goal || null);
      expect(await waitFor(isThere, { within: 60 })).toBe(true);
    };
    await wrote(20);
    const ended = await setup.ok(...command, '--json');
    expect((ended.json as PromoteResult).promotion?.warnings).toEqual([]);
    swap();
    application.moveTo(source);
    await wrote(20);
    await application.stop();
    if (isMysql) expect((await channelsOf(replica))[0]!['Auto_Position']).toBe(0);
    await reached(source, replica);
    expect(await ledgerOf(source)).toEqual(expect.arrayContaining(application.acknowledged));
  });

  test(
    'SIGKILL at each step and before each statement, one after the other: it ends well',
    manyRuns,
    async () => {
      const setup = await group.setUp(source, replica);
      const { steps } = await killedEverywhere(setup, command);
      expect(steps).toEqual(promoteSteps.filter((step) => step !== 'move-others'));
      swap();
    },
  );

  test('on the way to GTIDs: it goes by position still', async () => {
    if (!isMysql) return;
    const all = async (sql: string) => {
      for (const server of [source, replica]) await server.query(sql);
    };
    await all('SET GLOBAL enforce_gtid_consistency = ON');
    for (const mode of ['OFF_PERMISSIVE', 'ON_PERMISSIVE']) {
      await all(`SET GLOBAL gtid_mode = ${mode}`);
      const setup = await group.setUp(source, replica);
      await setup.ok(...command);
      swap();
      await expectInOrder();
      expect(await rejoined(setup)).toMatchObject({ status: 'nothing' });
    }
    for (const mode of ['OFF_PERMISSIVE', 'OFF']) {
      await all(`SET GLOBAL gtid_mode = ${mode}`);
      await expectInOrder();
    }
  });
});

describe('the source dies', () => {
  beforeAll(byPosition);

  test('with relay logs that are not applied yet: nothing that had arrived is lost', async () => {
    const setup = await group.setUp(source, replica);
    // The table is held, so that the parallel threads have transactions that they cannot end.
    const blocker = await replica.connect();
    await blocker.query('LOCK TABLES app.ledger READ');
    await source.query("UPDATE app.ledger SET note = CONCAT(note, '!') WHERE id = 1");
    await source.query("INSERT INTO app.ledger SELECT MAX(id) + 1, 'arrived' FROM app.ledger");
    const rows = await ledgerOf(source);
    const [note] = await source.query('SELECT note FROM app.ledger WHERE id = 1');
    const { position } = await positionOf(source);
    const hasArrived = async () => {
      const [row] = await channelsOf(replica);
      const read = row!['Read_Source_Log_Pos'] ?? row!['Read_Master_Log_Pos'];
      return Number(read) >= position ? true : null;
    };
    expect(await waitFor(hasArrived, { within: 60 })).toBe(true);
    const up = await source.down();
    const seen: number[] = [];
    const promoting = promotePair(setup.config, {
      confirm: async () => Promise.resolve(),
      observe: async (event) => {
        if (event.type !== 'waiting') return;
        seen.push(1);
        // Long enough for an applier that merely says it has read everything.
        if (seen.length === 8) await blocker.end();
      },
    });
    await promoting;
    await up();
    swap();
    expect(await ledgerOf(source)).toEqual(rows);
    expect(await source.query('SELECT note FROM app.ledger WHERE id = 1')).toEqual([note]);
    await rejoined(setup);
  });

  test('it comes back without transactions of its own: it follows from where it is', async () => {
    const setup = await group.setUp(source, replica);
    await reached(source, replica);
    await failOver(setup);
    expect(await rejoined(setup)).toMatchObject({ status: 'following', rescued: null, seed: null });
    await expectInOrder();
    expect(await rejoined(setup)).toMatchObject({ status: 'nothing' });
  });

  test('it comes back with some: they are saved as SQL, and it is restored', async () => {
    const setup = await group.setUp(source, replica);
    const id = await failOverWithExtra(setup);
    const result = await rejoined(setup);
    expect(result).toMatchObject({
      seed: 'source',
      seededBecause: 'it had transactions of its own',
    });
    expect(await savedIn(setup, result)).toContain('never sent');
    expect(await ledgerOf(source)).not.toContain(id);
  });

  test('nobody can tell what it had: all is saved, it is restored, and that is said', async () => {
    if (!isMysql) return;
    const setup = await group.setUp(source, replica);
    await failOver(setup);
    await replica.query('FLUSH BINARY LOGS');
    const { file } = await positionOf(replica);
    await replica.query(`PURGE BINARY LOGS TO '${file}'`);
    const result = await rejoined(setup);
    expect(result.seed).toBe('source');
    expect(result.seededBecause).toMatch(/its binary log \S+ is gone: nobody can tell/);
    expect(result.rescued?.transactions).toMatch(/^all binary logs to /);
    await expectInOrder();
    const elsewhere = await group.setUp(source, replica);
    await replica.query('STOP REPLICA; RESET REPLICA ALL');
    const unknown = await rejoined(elsewhere);
    expect(unknown.seededBecause).toMatch(/no promotion of it is on record/);
  });

  describe('SIGKILL one after the other', () => {
    const begin = ['check-pair', 'close'];

    test(
      'of the failover at each step, of the rejoin also before each statement',
      manyRuns,
      async () => {
        const setup = await group.setUp(source, replica);
        await reached(source, replica);
        const up = await source.down();
        const promoted = await killedEverywhere(setup, ['pair', 'promote', '--yes'], {
          at: 'steps',
        });
        const withSource = ['close', 'move-others', 'follow-source'];
        expect(promoted.steps).toEqual(promoteSteps.filter((step) => !withSource.includes(step)));
        await up();
        swap();
        const { steps, ended } = await killedEverywhere(setup, [
          'pair',
          'rejoin',
          '--yes',
          '--json',
        ]);
        expect(steps).toEqual([...begin, 'follow-source']);
        expect(ended.json).toMatchObject({ rescued: null, seed: null });
      },
    );

    test('of a rejoin that restores from the source, at each step', manyRuns, async () => {
      const setup = await group.setUp(source, replica);
      await failOverWithExtra(setup);
      const again = ['pair', 'rejoin', '--yes', '--json'];
      const { steps, ended } = await killedEverywhere(setup, again, { at: 'steps' });
      const restoring = ['rescue', 'seed', 'dump-source', 'stream', 'restore', 'attach'];
      expect(steps).toEqual([...begin, ...restoring]);
      expect(ended.json).toMatchObject({ rescued: null });
    });
  });
});
