import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { backup } from '../../src/backup.js';
import { waitFor } from '../../src/util/wait.js';
import { pair, engine } from '../rig/shared.js';
import { onlySmall, setUp, smallShop, startSql, stopSql } from '../support/cli.js';

beforeAll(smallShop);

/** How often somebody stopped an applier: unchanged means that nothing was paused. */
async function stops(): Promise<unknown> {
  return await pair.replica.query(
    "SHOW GLOBAL STATUS WHERE Variable_name RLIKE '^Com_(slave|replica|stop).*stop|^Com_stop'",
  );
}

describe('a replica that must not be paused', () => {
  afterEach(async () => await pair.replica.query(startSql));

  test('an operator had stopped the SQL thread: exit 10, and it stays stopped', async () => {
    const setup = await setUp({ pair: onlySmall });
    await pair.replica.query(stopSql);
    const ended = await setup.run('backup');
    expect(ended.status).toBe(10);
    expect(ended.stderr).toMatch(/the SQL thread of the replica of shop is stopped/);
    expect(ended.stderr).toMatch(/hint: .*START REPLICA/);
    expect(await pair.applierRunning()).toBe(false);
    await setup.ok('resume', '--if-frozen');
    await setup.ok('resume');
    expect(await pair.applierRunning()).toBe(false);
  });

  test('it lags more than the gate allows: exit 10, never paused', async () => {
    const setup = await setUp({ pair: { ...onlySmall, freeze: { maxLag: 0 } } });
    const blocker = await pair.replica.connect();
    try {
      await blocker.query('LOCK TABLES small.item READ');
      await pair.source.query("UPDATE small.item SET name = 'late' WHERE id = 2");
      const lags = async () => (((await pair.lagSeconds()) ?? 0) > 0 ? true : null);
      expect(await waitFor(lags, { within: 30 })).toBe(true);
      const before = await stops();
      const ended = await setup.run('backup');
      expect(ended.status).toBe(10);
      expect(ended.stderr).toMatch(/lags \d+ s behind its source, the gate is 0 s/);
      expect(await stops()).toEqual(before);
    } finally {
      await blocker.end();
    }
    await pair.waitForCatchUp();
  });
});

// MariaDB has no such limit.
if (engine === 'mysql') {
  test('a STOP that the server gives up early: exit 10', async () => {
    const setup = await setUp({ pair: onlySmall });
    await pair.replica.query('SET GLOBAL rpl_stop_replica_timeout = 60');
    const ended = await setup.run('backup');
    await pair.replica.query('SET GLOBAL rpl_stop_replica_timeout = DEFAULT');
    expect(ended.status).toBe(10);
    expect(ended.stderr).toMatch(/gives up a STOP after 60 s/);
  });
}

test('a second run while one goes on: exit 11', async () => {
  const setup = await setUp({ pair: onlySmall });
  let second = -1;
  await backup(setup.config, {
    observe: async (event) => {
      if (event.type !== 'step' || event.step !== 'dump') return;
      second = (await setup.run('backup')).status;
      expect((await setup.run('resume')).status).toBe(11);
      // As a timer starts it: nothing for cron to mail.
      const timed = await setup.run('schedule', 'run', 'nightly', '--quiet');
      expect(timed).toMatchObject({ status: 11, stdout: '', stderr: '' });
      const told = await setup.run('schedule', 'run', 'nightly');
      expect(told.stderr).toMatch(/^left out: another run holds the lock on the replica/m);
      const status = (await setup.run('status', '--json')).json as {
        frozenByUs: boolean;
        running: boolean;
      }[];
      expect(status[0]).toMatchObject({ frozenByUs: true, running: true });
    },
  });
  expect(second).toBe(11);
});

/** Settings, the message they lead to, the exit status. */
type Case = [Parameters<typeof setUp>[0], RegExp, number];

describe('what is wrong before anything is paused', () => {
  const cases: [string, () => Case | Promise<Case>][] = [
    [
      'wrong credentials',
      async () => [
        { pair: { ...onlySmall, replica: await replicaWith({ password: 'not it' }) } },
        /cannot connect to the replica of shop.*denied/i,
        1,
      ],
    ],
    [
      'an unreachable server',
      async () => [
        { pair: { ...onlySmall, replica: await replicaWith({ port: 1 }) } },
        /cannot connect to the replica of shop at 127.0.0.1:1/,
        1,
      ],
    ],
    [
      'a missing tool',
      () => [
        { pair: { ...onlySmall, tools: { mysqldump: '/nonexistent/mysqldump' } } },
        /no mysqldump of .* found \(tried \/nonexistent\/mysqldump\)/,
        1,
      ],
    ],
    [
      'missing grants',
      async () => {
        await pair.source.query(
          `DROP USER IF EXISTS poor@'%'; CREATE USER poor@'%' IDENTIFIED BY 'poor pw'; GRANT SELECT ON *.* TO poor@'%'`,
        );
        await pair.waitForCatchUp();
        return [
          {
            pair: {
              ...onlySmall,
              replica: await replicaWith({ user: 'poor', password: 'poor pw' }),
            },
          },
          /lacks SHOW VIEW, TRIGGER[\s\S]*hint: Run on the source: GRANT .*TRIGGER.* ON \*\.\* TO 'poor'@'%';/,
          10,
        ];
      },
    ],
  ];
  test.each(cases)('%s', async (_, prepare) => {
    const [options, message, status] = await prepare();
    const setup = await setUp(options);
    const before = await stops();
    const ended = await setup.run('backup');
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).toMatch(/^hint: /m);
    expect(ended.status).toBe(status);
    expect(await stops()).toEqual(before);
  });

  test('a broken view', async () => {
    await pair.source.query(
      'CREATE TABLE small.gone (a INT); CREATE VIEW small.broken AS SELECT a FROM small.gone; DROP TABLE small.gone',
    );
    await pair.waitForCatchUp();
    const setup = await setUp({ pair: onlySmall });
    const before = await stops();
    const ended = await setup.run('backup');
    await pair.source.query('DROP VIEW small.broken');
    await pair.waitForCatchUp();
    expect(ended.stderr).toMatch(/the view `small`\.`broken` is broken/);
    expect(ended.status).toBe(10);
    expect(await stops()).toEqual(before);
  });

  test('a misspelt key in the configuration', async () => {
    const setup = await setUp();
    const { writeFile, readFile } = await import('node:fs/promises');
    await writeFile(
      setup.file,
      (await readFile(setup.file, 'utf8')).replace('stateDir:', 'statDir:'),
    );
    const ended = await setup.run('backup');
    expect(ended.status).toBe(2);
    expect(ended.stderr).toMatch(
      /stillpoint\.yaml:\d+:\d+: unknown key "statDir".*did you mean "stateDir"/,
    );
  });

  test('a store that refuses', async () => {
    const setup = await setUp({
      pair: onlySmall,
      store: { endpoint: 'http://127.0.0.1:1' },
      storeOptions: { maxAttempts: 1 },
    });
    const before = await stops();
    const ended = await setup.run('backup');
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(/127\.0\.0\.1:1/);
    expect(await stops()).toEqual(before);
  });
});

async function replicaWith(changes: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { backupPassword } = await import('../rig/index.js');
  return {
    host: '127.0.0.1',
    port: pair.replica.port,
    user: 'stillpoint',
    password: backupPassword,
    ...changes,
  };
}

test(`the ${engine} pair is what it says`, async () => {
  const setup = await setUp({ pair: onlySmall });
  const status = (await setup.run('status', '--json')).json as {
    channels: { applier: string; receiver: string }[];
  }[];
  expect(status[0]?.channels).toMatchObject([{ applier: 'running', receiver: 'running' }]);
});
