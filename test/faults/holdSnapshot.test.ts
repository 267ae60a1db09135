import { beforeAll, describe, expect, test } from 'vitest';
import { backup } from '../../src/backup.js';
import type { BackupRecord } from '../../src/catalog/records.js';
import type { DrillRecord } from '../../src/catalog/drillRecord.js';
import type { Observe, RunEvent, Step } from '../../src/util/observe.js';
import { engine, pair } from '../rig/shared.js';
import { onlySmall, setUp, smallShop, startSql, type Setup } from '../support/cli.js';
import { gtidsOf } from '../support/gtids.js';
import { keysIn } from '../support/store.js';
import { startWriter } from '../support/writer.js';

const isMysql = engine === 'mysql';
const fromSnapshots = { ...onlySmall, freeze: { hold: 'snapshot' } };

/** `small`, with rows that do not fit into the buffers between mysqldump and us, and tables without MVCC. */
beforeAll(async () => {
  await smallShop();
  await pair.source.query(`
    CREATE TABLE small.wide (id INT PRIMARY KEY AUTO_INCREMENT, filler LONGTEXT);
    INSERT INTO small.wide (filler) VALUES ${Array.from({ length: 60 }, () => "(REPEAT('x', 200000))").join(', ')};
    CREATE TABLE small.flat (id INT PRIMARY KEY, n INT) ENGINE=MyISAM;
    INSERT INTO small.flat VALUES (1, 1), (2, 1);
  `);
  await pair.waitForCatchUp();
});

/** Does something when a run comes to a step, once, and lets it go on afterwards. */
function at(step: Step, action: () => Promise<unknown>, seen: RunEvent[] = []): Observe {
  let isDone = false;
  return async (event) => {
    seen.push(event);
    if (isDone || event.type !== 'step' || event.step !== step) return;
    isDone = true;
    await action();
  };
}

/** The coordinates are those of the rows: a server restored from it follows the source and is equal to the replica. */
async function proves(setup: Setup): Promise<void> {
  const ended = await setup.run('drill', '--catch-up', '--json');
  expect(ended.stderr).toBe('');
  const { checks } = ended.json as DrillRecord;
  expect(checks.filter(({ status }) => status !== 'passed')).toEqual([]);
}

describe('after the pause', () => {
  test('the replica goes on while the rows are as they were in it', async () => {
    const setup = await setUp({ pair: fromSnapshots });
    const before = await gtidsOf(pair.replica);
    const record = await backup(setup.config, {
      observe: at('stream', async () => {
        expect(await pair.applierRunning()).toBe(true);
        await pair.source.query(
          "UPDATE small.wide SET filler = 'later' WHERE id < 6; UPDATE small.item SET name = 'later'; DELETE FROM small.wide WHERE id > 50",
        );
        await pair.waitForCatchUp();
      }),
    });
    expect(record.hold).toBe('snapshot');
    expect(record.holdReason).toBeUndefined();
    expect(await gtidsOf(pair.replica)).not.toEqual(before);
    await proves(setup);
    expect(await pair.faults()).toEqual([]);
  });

  test('a changed definition waits until the end', async () => {
    const setup = await setUp({ pair: fromSnapshots });
    const columns = async () => (await pair.replica.query('SHOW COLUMNS FROM small.item')).length;
    let meanwhile = 0;
    await backup(setup.config, {
      observe: at('stream', async () => {
        await pair.source.query(
          'ALTER TABLE small.item ADD COLUMN note INT; DROP PROCEDURE small.hello; TRUNCATE small.empty_one',
        );
        // It waits for the backup lock: seen in the process list, not guessed.
        await expect
          .poll(async () => JSON.stringify(await pair.replica.query('SHOW PROCESSLIST')), {
            timeout: 20_000,
          })
          .toMatch(/backup lock/i);
        meanwhile = await columns();
      }),
    });
    expect(meanwhile).toBe(2);
    await pair.waitForCatchUp();
    expect(await columns()).toBe(3);
    await proves(setup);
  });

  test('rows without MVCC are those of the pause, however the table changes', async () => {
    const setup = await setUp({ pair: fromSnapshots });
    await backup(setup.config, {
      observe: at('stream', async () => {
        await pair.source.query(
          'UPDATE small.flat SET n = n + 1; INSERT INTO small.flat VALUES (3, 1)',
        );
        // MariaDB's backup lock holds these back.
        if (isMysql) await pair.waitForCatchUp();
      }),
    });
    await proves(setup);
  });
});

test('a definition that changes in the pause is in no half of the backup', async () => {
  const setup = await setUp({ pair: fromSnapshots });
  const seen: RunEvent[] = [];
  await backup(setup.config, {
    observe: at(
      'open',
      async () =>
        await pair.source.query(
          'CREATE TABLE small.meanwhile (id INT PRIMARY KEY); ALTER TABLE small.empty_one ADD COLUMN note INT; INSERT INTO small.empty_one VALUES (1, 1)',
        ),
      seen,
    ),
  });
  // MariaDB's lock is complete only after the pause, so the dump began anew.
  const pauses = seen.filter(({ type }) => type === 'paused');
  expect(pauses.length).toBeGreaterThanOrEqual(isMysql ? 1 : 2);
  await proves(setup);
});

test('under a load with new tables all the time', async () => {
  const setup = await setUp({
    pair: { databases: { include: ['small', 'written'] }, freeze: { hold: 'auto' } },
  });
  const writer = await startWriter(pair.source);
  try {
    const { json } = await setup.ok('backup', '--json');
    // Where a definition changes in every pause, it is dumped in one.
    const { hold, holdReason } = json as BackupRecord;
    if (hold === 'dump') expect(holdReason).toMatch(/change all the time/);
    await proves(setup);
  } finally {
    await writer.stop();
  }
  await pair.waitForCatchUp();
  expect(await pair.faults()).toEqual([]);
});

describe('a run fails, with replication running and nothing stored', () => {
  async function fails(observe: Observe, why: RegExp): Promise<void> {
    const setup = await setUp({ pair: fromSnapshots });
    await expect(backup(setup.config, { observe })).rejects.toThrow(why);
    expect(await pair.applierRunning()).toBe(true);
    expect(await keysIn(setup.storePath)).toEqual([]);
    await setup.ok('backup');
  }

  test('whose backup lock is lost while the rows stream', async () => {
    await fails(at('stream', killGuard), /lost the backup lock/);
  });

  test('whose backup lock is lost in the pause', async () => {
    await fails(at('fence', killGuard), /lost the backup lock/);
  });

  test('in whose pause someone starts the SQL thread', async () => {
    await fails(
      at('fence', async () => await pair.replica.query(startSql)),
      /did not stand still/,
    );
  });

  test('whose mysqldump dies while its rows stream', async () => {
    await fails(at('stream', killDumps), /the dump of rows of .* failed/);
  });

  test('whose connection to count with dies', async () => {
    await fails(at('stream', killSnapshots), /closed|lost|gone/i);
  });
});

/** On MariaDB nothing tells whose lock it is, but a stage of a backup that is on already is refused to others. */
async function killGuard(): Promise<void> {
  if (isMysql) {
    const rows = await pair.replica.query<{ id: number }>(
      "SELECT t.PROCESSLIST_ID AS id FROM performance_schema.metadata_locks l JOIN performance_schema.threads t ON t.THREAD_ID = l.OWNER_THREAD_ID WHERE l.OBJECT_TYPE = 'BACKUP LOCK' AND l.LOCK_TYPE = 'SHARED' AND t.PROCESSLIST_ID <> CONNECTION_ID()",
    );
    expect(rows).toHaveLength(1);
    await pair.replica.query(`KILL ${rows[0]!.id}`);
    return;
  }
  const isHeld = async () =>
    await pair.replica
      .query('SET STATEMENT lock_wait_timeout = 0 FOR BACKUP STAGE START; BACKUP STAGE END')
      .then(
        () => false,
        () => true,
      );
  expect(await isHeld()).toBe(true);
  const rows = await pair.replica.query<{ Id: number; User: string; Command: string }>(
    'SHOW PROCESSLIST',
  );
  const idle = rows.filter(({ User, Command }) => User === 'stillpoint' && Command === 'Sleep');
  const trx = await pair.replica.query<{ id: number }>(
    'SELECT trx_mysql_thread_id AS id FROM information_schema.INNODB_TRX',
  );
  for (const { Id } of idle.filter((one) => !trx.some(({ id }) => id === one.Id)).reverse()) {
    if (!(await isHeld())) return;
    await pair.replica.query(`KILL ${Id}`);
  }
  expect(await isHeld()).toBe(false);
}

async function killDumps(): Promise<void> {
  const rows = await pair.replica.query<{ Id: number; Info: string | null }>('SHOW PROCESSLIST');
  const dumps = rows.filter(({ Info }) => Info?.startsWith('SELECT /*!40001 SQL_NO_CACHE */'));
  expect(dumps.length).toBeGreaterThan(0);
  for (const { Id } of dumps) await pair.replica.query(`KILL ${Id}`);
}

async function killSnapshots(): Promise<void> {
  const rows = await pair.replica.query<{ id: number }>(
    "SELECT trx_mysql_thread_id AS id FROM information_schema.INNODB_TRX t JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id WHERE p.COMMAND = 'Sleep' AND p.USER = 'stillpoint'",
  );
  expect(rows.length).toBeGreaterThan(0);
  for (const { id } of rows) await pair.replica.query(`KILL ${id}`);
}

describe('where snapshots are not possible', () => {
  const cases: [
    string,
    Record<string, unknown>,
    RegExp,
    (() => Promise<() => Promise<unknown>>)?,
  ][] = [
    ['the replica is locked', { exclusive: true }, /it takes writes/],
    [
      'a waiting change would end the SQL thread',
      {},
      /lock_wait_timeout is 50 s/,
      async () => {
        const [row] = await pair.replica.query<{ v: number }>(
          'SELECT @@GLOBAL.lock_wait_timeout AS v',
        );
        await pair.replica.query('SET GLOBAL lock_wait_timeout = 50');
        return async () => await pair.replica.query(`SET GLOBAL lock_wait_timeout = ${row!.v}`);
      },
    ],
  ];
  test.each(cases)(
    'since %s: auto dumps in the pause, snapshot is refused',
    async (_, freeze, why, prepare) => {
      const undo = await prepare?.();
      try {
        const auto = await setUp({ pair: { ...onlySmall, freeze: { ...freeze, hold: 'auto' } } });
        const record = (await auto.ok('backup', '--json')).json as BackupRecord;
        expect(record).toMatchObject({
          hold: 'dump',
          holdReason: expect.stringMatching(why) as string,
        });
        const strict = await setUp({
          pair: { ...onlySmall, freeze: { ...freeze, hold: 'snapshot' } },
        });
        const refused = await strict.run('backup');
        expect(refused.status).toBe(10);
        expect(refused.stderr).toMatch(/freeze\.hold: snapshot is not possible/);
        expect(refused.stderr).toMatch(why);
      } finally {
        await undo?.();
      }
    },
  );

  test('else auto takes them', async () => {
    const setup = await setUp({ pair: { ...onlySmall, freeze: { hold: 'auto' } } });
    expect((await setup.ok('backup', '--json')).json).toMatchObject({ hold: 'snapshot' });
  });
});
