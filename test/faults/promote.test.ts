import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PromoteResult } from '../../src/promoteOptions.js';
import { promoteSteps } from '../../src/util/observe.js';
import { waitFor } from '../../src/util/wait.js';
import { engine } from '../rig/shared.js';
import type { OwnServer } from '../rig/index.js';
import type { Setup } from '../support/cli.js';
import { fakeMysqldump } from '../support/fakeMysqldump.js';
import { expectRoles } from '../support/inOrder.js';
import { killedEverywhere, manyRuns } from '../support/killed.js';
import { isWritable, ownPair } from '../support/ownPair.js';
import { applicationSql, ledgerOf, startApplication } from '../support/ledger.js';
import { hasReceived } from '../support/receiver.js';

// Each test leaves the pair with its roles in order; which server has which, changes.

const isMysql = engine === 'mysql';
const own = ownPair();
let source: OwnServer;
let replica: OwnServer;

beforeAll(async () => {
  [source, replica] = own.servers();
  await source.query(`${applicationSql}
    CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY AUTO_INCREMENT, n INT);
    CREATE EVENT shop.tick ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO DELETE FROM shop.item;
    CREATE EVENT shop.off ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DISABLE DO DELETE FROM shop.item;
  `);
  await own.as(source, replica).waitForCatchUp();
});

function swap(): void {
  [source, replica] = [replica, source];
}

const write = 'INSERT INTO shop.item (n) VALUES (1)';
afterEach(async () => await expectRoles(source, replica, { table: 'shop.item', write }));

async function eventsOf(server: OwnServer): Promise<Record<string, string>> {
  const rows = await server.query<{ name: string; status: string }>(
    "SELECT EVENT_NAME AS name, STATUS AS status FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'shop'",
  );
  return Object.fromEntries(rows.map(({ name, status }) => [name, status]));
}

describe('switchover', () => {
  test('under writes: no acknowledged row is lost, none is there twice, and both have their roles', async () => {
    const setup = await own.setUp(source, replica);
    const application = startApplication(source);
    await waitFor(async () => Promise.resolve(application.acknowledged.length > 20 || null), {
      within: 30,
    });
    const ended = await setup.ok('pair', 'promote', '--switchover', '--yes', '--json');
    const { status, promotion } = ended.json as PromoteResult;
    expect(status).toBe('promoted');
    expect(promotion?.warnings).toEqual([]);
    expect(promotion?.writesPausedSeconds).toBeLessThan(30);
    swap();
    application.moveTo(source);
    const before = application.acknowledged.length;
    await waitFor(
      async () => Promise.resolve(application.acknowledged.length > before + 20 || null),
      {
        within: 30,
      },
    );
    await application.stop();
    await own.as(source, replica).waitForCatchUp();
    expect(await ledgerOf(source)).toEqual(expect.arrayContaining(application.acknowledged));
    expect(await ledgerOf(replica)).toEqual(await ledgerOf(source));
    expect((await eventsOf(source))['tick']).toBe('ENABLED');
    expect((await eventsOf(source))['off']).not.toBe('ENABLED');
    expect((await eventsOf(replica))['tick']).toMatch(/SIDE_?DISABLED/);
  });

  test('--dry-run prints every statement and changes nothing', async () => {
    const setup = await own.setUp(source, replica);
    const ended = await setup.ok('pair', 'promote', '--switchover', '--dry-run');
    for (const text of [/read_only = ON/, /RESET REPLICA/, /read_only = OFF/, /CHANGE .* TO/])
      expect(ended.stderr).toMatch(text);
    expect(ended.stderr).not.toContain('p4ss');
  });

  test('nobody was asked: exit 2, and nothing is changed', async () => {
    const setup = await own.setUp(source, replica);
    const ended = await setup.run('pair', 'promote', '--switchover');
    expect(ended.status).toBe(2);
  });

  test('the hook before fails: exit 1, and nothing is changed', async () => {
    const setup = await own.setUp(source, replica, { failover: { before: ['false'] } });
    const ended = await setup.run('pair', 'promote', '--switchover', '--yes');
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(/failover\.before of shop failed/);
  });

  test('the hooks are told who is who; one that fails afterwards is said, exit 1', async () => {
    const setup = await own.setUp(source, replica);
    const script = join(setup.folder, 'hook.sh');
    const heard = join(setup.folder, 'heard');
    await writeFile(script, `#!/bin/sh\ncat >> ${heard}\nexit "$1"\n`, { mode: 0o755 });
    const failover = { before: [script, '0'], after: [script, '3'] };
    const hooked = await own.setUp(source, replica, { failover });
    const ended = await hooked.run('pair', 'promote', '--switchover', '--yes');
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(/failover\.after of shop failed/);
    const lines = (await readFile(heard, 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      ['before', 'after'].map((when) => ({
        event: `promote.${when}`,
        pair: 'shop',
        kind: 'switchover',
        oldSource: { host: '127.0.0.1', port: source.port },
        newSource: { host: '127.0.0.1', port: replica.port },
      })),
    );
    swap();
  });

  test('the replica does not come to the end in time: the source takes writes again, exit 10', async () => {
    const setup = await own.setUp(source, replica, { failover: { maxPause: '2s' } });
    const blocker = await replica.connect();
    await blocker.query('FLUSH TABLES WITH READ LOCK');
    await source.query('INSERT INTO shop.item (n) VALUES (2)');
    const ended = await setup.run('pair', 'promote', '--switchover', '--yes');
    await blocker.end();
    expect(ended.stderr).toMatch(/takes writes again/);
    expect(ended.status).toBe(10);
  });

  const steps = promoteSteps.filter((step) => step !== 'move-others');
  test.each(steps)('SIGKILL at %s: the same command again ends well', async (step) => {
    const setup = await own.setUp(source, replica);
    const command = ['pair', 'promote', '--switchover', '--yes'];
    expect((await setup.runUntil(step, 'SIGKILL', ...command)).status).toBe(137);
    await setup.ok(...command);
    swap();
  });

  test(
    'SIGKILL at each step and before each statement, one after the other: there are never two sources',
    manyRuns,
    async () => {
      const setup = await own.setUp(source, replica);
      const command = ['pair', 'promote', '--switchover', '--yes'];
      const between = async () => {
        expect(await Promise.all([source, replica].map(isWritable))).not.toEqual([true, true]);
      };
      const killed = await killedEverywhere(setup, command, { between });
      expect(killed.steps).toEqual(steps);
      swap();
    },
  );

  test.each(['close', 'apply', 'switch', 'open-source', 'follow-source'])(
    'SIGTERM at %s: it is undone, or done',
    async (step) => {
      const setup = await own.setUp(source, replica);
      const command = ['pair', 'promote', '--switchover', '--yes'];
      const ended = await setup.runUntil(step, 'SIGTERM', ...command);
      // The signal may come before or after the one write that settles it.
      if (await isWritable(replica)) swap();
      else expect(ended.status).toBe(143);
    },
  );
});

describe('refused, and nothing is changed', () => {
  const switchover = ['--switchover', '--yes'];

  async function refusal(setup: Setup, ...args: string[]): Promise<string> {
    const ended = await setup.run('pair', 'promote', ...args);
    expect(ended.status, ended.stderr).toBe(10);
    return ended.stderr;
  }

  test('the source lives: no failover, also while it is read-only', async () => {
    const setup = await own.setUp(source, replica);
    expect(await refusal(setup, '--yes')).toMatch(/source of shop answers and takes writes/);
    await source.query('SET GLOBAL read_only = ON');
    expect(await refusal(setup, '--yes')).toMatch(/source of shop answers: two servers/);
    await source.query('SET GLOBAL read_only = OFF');
  });

  test('a source that does not answer here: no switchover', async () => {
    const setup = await own.setUp({ ...source, port: 1 }, replica);
    expect(await refusal(setup, ...switchover)).toMatch(/no switchover: cannot connect to/);
  });

  test('a pair in which both take writes', async () => {
    const setup = await own.setUp(source, replica, { topology: 'source-source' });
    for (const args of [['--yes'], switchover])
      expect(await refusal(setup, ...args)).toMatch(/take writes: none is to be promoted/);
  });

  test('a replica that follows nobody', async () => {
    const setup = await own.setUp(replica, source);
    const why = new RegExp(`the replica of shop does not follow 127\\.0\\.0\\.1:${replica.port}`);
    expect(await refusal(setup, ...switchover)).toMatch(why);
  });

  test('an account that may not replicate: the old source could not follow', async () => {
    const setup = await own.setUp(source, replica);
    await source.query("REVOKE REPLICATION SLAVE ON *.* FROM repl@'%'");
    await own.as(source, replica).waitForCatchUp();
    const why = /account "repl" of the replica of shop may not replicate.*hint: .*GRANT/s;
    expect(await refusal(setup, ...switchover)).toMatch(why);
    await source.query("GRANT REPLICATION SLAVE ON *.* TO repl@'%'");
  });

  test('relay logs that are not applied in time', async () => {
    const setup = await own.setUp(source, replica);
    const blocker = await replica.connect();
    await blocker.query('FLUSH TABLES WITH READ LOCK');
    await source.query('INSERT INTO shop.item (n) VALUES (3)');
    const isThere = async () => await hasReceived(replica, source);
    expect(await waitFor(isThere, { within: 30 })).toBe(true);
    const args = ['--source-fenced', '--wait', '1s', '--yes'];
    expect(await refusal(setup, ...args)).toMatch(/has not applied its relay logs within 1 s/);
    await blocker.end();
    await replica.query('START REPLICA IO_THREAD');
  });

  test('a broken applier', async () => {
    const setup = await own.setUp(source, replica);
    const unlogged = async (sql: string) =>
      await replica.query(
        `${isMysql ? 'SET GLOBAL super_read_only = 0; ' : ''}SET SESSION sql_log_bin = 0; ${sql}; SET SESSION sql_log_bin = 1${isMysql ? '; SET GLOBAL super_read_only = 1' : ''}`,
      );
    await unlogged('INSERT INTO shop.item (id, n) VALUES (100000, 0)');
    await source.query('INSERT INTO shop.item (id, n) VALUES (100000, 1)');
    const isBroken = async () => ((await own.as(source, replica).applierRunning()) ? null : true);
    await waitFor(isBroken, { within: 30 });
    expect(await refusal(setup, ...switchover)).toMatch(/is broken/);
    await unlogged('DELETE FROM shop.item WHERE id = 100000');
    await replica.query('START REPLICA SQL_THREAD');
  });

  test('an applier that somebody stopped', async () => {
    const setup = await own.setUp(source, replica);
    await replica.query('STOP REPLICA SQL_THREAD');
    expect(await refusal(setup, ...switchover)).toMatch(/is stopped/);
    await replica.query('START REPLICA SQL_THREAD');
  });

  test('filters', async () => {
    const setup = await own.setUp(source, replica);
    const filter = async (list: string) =>
      await replica.query(
        isMysql
          ? `STOP REPLICA SQL_THREAD; CHANGE REPLICATION FILTER REPLICATE_IGNORE_DB = (${list}); START REPLICA SQL_THREAD`
          : `STOP SLAVE; SET GLOBAL replicate_ignore_db = '${list}'; START SLAVE`,
      );
    await filter('scratch');
    expect(await refusal(setup, ...switchover)).toMatch(/has replication filters/);
    await filter('');
  });

  test('a replica that is late on purpose', async () => {
    const setup = await own.setUp(source, replica);
    const delay = async (seconds: number) =>
      await replica.query(
        isMysql
          ? `STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_DELAY = ${seconds}; START REPLICA`
          : `STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = ${seconds}; START SLAVE`,
      );
    await delay(3600);
    expect(await refusal(setup, ...switchover)).toMatch(/applies everything 3600 s late/);
    await delay(0);
  });
});

describe('a backup holds the replica', () => {
  test('refused; with --end-backup it fails, and the switchover goes on', async () => {
    const slow = await fakeMysqldump('sleep 600');
    const setup = await own.setUp(source, replica, { tools: slow });
    const holding = setup.run('backup');
    const isHeld = async () => ((await own.as(source, replica).applierRunning()) ? null : true);
    expect(await waitFor(isHeld, { within: 60 })).toBe(true);
    const command = ['pair', 'promote', '--switchover', '--yes'];
    const refused = await setup.run(...command);
    expect(refused.stderr).toMatch(/--end-backup/);
    expect(refused.status).toBe(10);
    await setup.ok(...command, '--end-backup');
    expect((await holding).status).toBe(1);
    swap();
  });
});
