import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { promotePair } from '../../src/promotePair.js';
import { rejoinPair } from '../../src/rejoinPair.js';
import { setUpPair } from '../../src/setUpPair.js';
import type { Observe } from '../../src/util/observe.js';
import { engine } from '../rig/shared.js';
import type { OwnServer } from '../rig/index.js';
import type { Setup } from '../support/cli.js';
import { applicationSql } from '../support/ledger.js';
import { ownGroup, reached } from '../support/ownGroup.js';
import { durable } from '../support/ownPair.js';

// What a dry run says is what the same command does then: statement for statement, on the same servers. And what
// cannot be meant is refused.

const group = ownGroup({ ids: [81, 82, 83], args: durable });
let source: OwnServer;
let east: OwnServer;
let west: OwnServer;

beforeAll(async () => {
  [source, east, west] = group.servers() as [OwnServer, OwnServer, OwnServer];
  await source.query(`${applicationSql} INSERT INTO app.ledger VALUES (1, 'first');
    CREATE EVENT app.tick ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO DELETE FROM app.ledger WHERE id = 0`);
  for (const replica of [east, west]) await reached(source, replica);
});
afterEach(async () => await group.expectInOrder(source, { east, west }));

const setUp = async () => await group.setUp(source, { east, west });

/** East has become the source. */
function swap(): void {
  [source, east] = [east, source];
}

interface Run {
  dryRun: boolean;
  observe: Observe;
}

/** Coordinates are known once they are there, and secrets are not shown. */
function unnumbered(says: string): string {
  return says.replaceAll(/\d[\w:.-]*/g, '…').replaceAll(/'[^']*…[^']*'/g, "'…'");
}

async function expectSameSaid(command: (run: Run) => Promise<unknown>): Promise<void> {
  const said = async (dryRun: boolean) => {
    const acts: string[] = [];
    await command({
      dryRun,
      observe: async (event) => {
        // Where nothing starts a server again that has been cloned, somebody has to.
        if (event.type === 'act' && !event.says.includes('it has ended itself'))
          acts.push(`${event.on}: ${unnumbered(event.says)}`);
        await Promise.resolve();
      },
    });
    return acts;
  };
  const planned = await said(true);
  expect(planned.length).toBeGreaterThan(3);
  expect(planned).toEqual(await said(false));
}

test('switchover', async () => {
  const { config } = await setUp();
  await expectSameSaid(
    async (run) => await promotePair(config, { switchover: true, replica: 'east', ...run }),
  );
  swap();
});

describe('the source dies', () => {
  const both = async (sql: string) => {
    for (const replica of [east, west]) await replica.query(sql);
  };
  async function failOver(setup: Setup): Promise<void> {
    const up = await source.down();
    await both('START REPLICA');
    await expectSameSaid(
      async (run) => await promotePair(setup.config, { replica: 'east', ...run }),
    );
    await up();
    swap();
  }

  test('failover, and a rejoin that follows', async () => {
    const setup = await setUp();
    await failOver(setup);
    await expectSameSaid(async (run) => await rejoinPair(setup.config, run));
  });

  test('a rejoin of one with transactions of its own', async () => {
    const setup = await setUp();
    await both('STOP REPLICA IO_THREAD');
    await source.query("INSERT INTO app.ledger SELECT MAX(id) + 100, 'mine' FROM app.ledger");
    await failOver(setup);
    await expectSameSaid(async (run) => await rejoinPair(setup.config, run));
  });
});

describe('a replica is made anew', () => {
  const seeds = ['backup', 'source', ...(engine === 'mysql' ? ['clone' as const] : [])] as const;

  test.each(seeds)('by setup, from %s', async (seed) => {
    const setup = await setUp();
    if (seed === 'backup') await setup.ok('backup');
    await expectSameSaid(
      async (run) =>
        await setUpPair(setup.config, { replica: 'west', replace: true, seed, ...run }),
    );
  });

  test.each(['attach', 'seeded'])(
    'by setup, which goes on after it was killed at %s',
    async (step) => {
      const setup = await setUp();
      const command = ['pair', 'setup', '--replica', 'west', '--replace', '--seed', 'source'];
      expect((await setup.runUntil(step, 'SIGKILL', ...command, '--yes')).status).toBe(137);
      await expectSameSaid(
        async (run) => await setUpPair(setup.config, { replica: 'west', ...run }),
      );
    },
  );

  test.each(['backup', 'source'] as const)('by rejoin, from %s', async (seed) => {
    const setup = await setUp();
    if (seed === 'backup') await setup.ok('backup');
    await expectSameSaid(
      async (run) =>
        await rejoinPair(setup.config, { replica: 'west', reseed: true, seed, ...run }),
    );
  });
});

test('a promotion where no replica answers is refused', async () => {
  const nowhere = { ...east, port: 1 };
  const setup = await group.setUp(source, { east: nowhere, west: nowhere });
  const ended = await setup.run('pair', 'promote', '--yes', '--switchover');
  expect(ended.stderr).toMatch(/no replica of shop can take the place of its source: east: cannot/);
  expect(ended.status).toBe(10);
});

test('a rejoin is refused where nobody can tell which replica is meant', async () => {
  const ended = await (await setUp()).run('pair', 'rejoin', '--yes');
  expect(ended.stderr).toMatch(/which replica of shop is to follow its source\?.*: east, west/s);
  expect(ended.status).toBe(2);
});
