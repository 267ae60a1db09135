import { beforeAll, describe, expect, test } from 'vitest';
import { backup } from '../../src/backup.js';
import type { BackupRecord } from '../../src/catalog/records.js';
import type { DrillRecord } from '../../src/catalog/drillRecord.js';
import type { Observe, RunEvent, Step } from '../../src/util/observe.js';
import { waitFor } from '../../src/util/wait.js';
import { backupPassword } from '../rig/index.js';
import { engine, pair, tools } from '../rig/shared.js';
import { onlySmall, setUp, smallShop, startSql, type Setup } from '../support/cli.js';
import { fakeMysqldump } from '../support/fakeMysqldump.js';
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
    ANALYZE TABLE small.wide;
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

  test('a mysqldump that is slow to connect had its snapshot in the pause', async () => {
    const slow = { ...(await fakeMysqldump('sleep 2; exec REAL')), mysqld: tools.server };
    // Without the table that is read to its end in the pause, which would be slow too.
    const databases = { include: ['small'], exclude: ['small.flat'] };
    const setup = await setUp({ pair: { ...fromSnapshots, databases, tools: slow } });
    await backup(setup.config, {
      observe: at('stream', async () => {
        await pair.source.query(
          "INSERT INTO small.item VALUES (100, 'new'); UPDATE small.wide SET filler = 'new' WHERE id = 7",
        );
        await pair.waitForCatchUp();
      }),
    });
    await proves(setup);
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

test.each([
  [
    'of a table that nobody reads yet',
    'CREATE TABLE small.meanwhile (id INT PRIMARY KEY); ALTER TABLE small.empty_one ADD COLUMN note2 INT; INSERT INTO small.empty_one VALUES (1, 1, 1)',
  ],
  // The change waits for the dump, which waits for the end of the pause.
  ['of a table whose rows wait to be read', 'ALTER TABLE small.wide ADD COLUMN note INT'],
])('a definition that changes in the pause is in no half of the backup: %s', async (_, change) => {
  await pair.source.query(
    'DROP TABLE IF EXISTS small.meanwhile, small.empty_one; CREATE TABLE small.empty_one (id INT PRIMARY KEY, note INT)',
  );
  await pair.waitForCatchUp();
  const setup = await setUp({ pair: fromSnapshots });
  const seen: RunEvent[] = [];
  await backup(setup.config, {
    observe: at('open', async () => await pair.source.query(change), seen),
  });
  // MariaDB's lock is complete only after the pause, so the dump began anew.
  const pauses = seen.filter(({ type }) => type === 'paused');
  expect(pauses.length).toBeGreaterThanOrEqual(isMysql ? 1 : 2);
  const warned = seen.filter(
    (event) => event.type === 'warning' && event.text.includes('begins anew'),
  );
  expect(warned).toHaveLength(pauses.length - 1);
  await proves(setup);
});

test.each([
  [
    'a table more',
    'CREATE TABLE small.early (id INT PRIMARY KEY); INSERT INTO small.early VALUES (7)',
  ],
  ['a table less', 'DROP TABLE small.early'],
  // It is cut by a key of what it was.
  ['a large table with another column', 'ALTER TABLE small.wide ADD COLUMN early INT'],
])(
  'definitions that change after they were listed, right before the pause: %s',
  async (_, change) => {
    const dump = { parallel: 2, partSize: '1MiB' };
    const setup = await setUp({ pair: { ...fromSnapshots, dump } });
    const seen: RunEvent[] = [];
    const record = await backup(setup.config, {
      observe: at(
        'stop',
        async () => {
          await pair.source.query(change);
          await pair.waitForCatchUp();
        },
        seen,
      ),
    });
    expect(seen.filter(({ type }) => type === 'paused')).toHaveLength(2);
    const { json } = await setup.ok('show', record.id, '--json');
    const { tables } = (json as { contents: { tables: { name: string; rows: number }[] } })
      .contents;
    const early = tables.filter(({ name }) => name === 'early').map(({ rows }) => rows);
    expect(early).toEqual(change.startsWith('CREATE') ? [1] : []);
    await proves(setup);
  },
);

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
  async function fails(observe: Observe, why: RegExp, more = {}): Promise<void> {
    const setup = await setUp({ pair: { ...fromSnapshots, ...more } });
    await expect(backup(setup.config, { observe })).rejects.toThrow(why);
    expect(await pair.applierRunning()).toBe(true);
    expect(await keysIn(setup.storePath)).toEqual([]);
    await setup.ok('backup');
  }

  test('whose backup lock is lost while the rows stream', async () => {
    await fails(killGuardAt('stream'), /lost the backup lock/);
  });

  test('whose backup lock is lost in the pause', async () => {
    await fails(killGuardAt('fence'), /lost the backup lock/);
  });

  test('in whose pause someone starts the SQL thread', async () => {
    await fails(
      at('fence', async () => await pair.replica.query(startSql)),
      /did not stand still/,
    );
  });

  test('the same, after a definition had changed right before the pause', async () => {
    const change = 'CREATE TABLE small.just_before (id INT PRIMARY KEY)';
    const changed = at('stop', async () => {
      await pair.source.query(change);
      await pair.waitForCatchUp();
    });
    const started = at('fence', async () => await pair.replica.query(startSql));
    await fails(async (event) => {
      await changed(event);
      await started(event);
    }, /did not stand still/);
    await pair.source.query('DROP TABLE small.just_before');
    await pair.waitForCatchUp();
  });

  test('whose mysqldump dies while its rows stream', async () => {
    // A socket holds 0.2 MB; over TCP all rows may be with mysqldump, whose session reads none then.
    const { socketPath } = pair.replica;
    const replica = { socketPath, user: 'stillpoint', password: backupPassword };
    await fails(at('stream', killDumps), /the dump of rows of .* failed/, { replica });
  });

  test('whose connection to count with dies', async () => {
    await fails(at('stream', killSnapshots), /closed|lost|gone/i);
  });
});

/** Kills the session that holds the backup lock: the one that comes between the step `guard` and the plan. */
function killGuardAt(step: Step): Observe {
  let before: number[] = [];
  let guard: number[] = [];
  return async (event) => {
    if (event.type === 'step' && event.step === 'guard') before = await ownSessions();
    if (event.type === 'plan') guard = (await ownSessions()).filter((id) => !before.includes(id));
    if (event.type !== 'step' || event.step !== step) return;
    expect(guard).toHaveLength(1);
    await pair.replica.query(`KILL ${guard[0]!}`);
  };
}

async function ownSessions(): Promise<number[]> {
  const rows = await pair.replica.query<{ Id: number; User: string }>('SHOW PROCESSLIST');
  return rows.filter(({ User }) => User === 'stillpoint').map(({ Id }) => Id);
}

/** Those that read rows: one that has its snapshot may not have come to its table yet. */
async function killDumps(): Promise<void> {
  await killAll(
    "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT /*!40001 SQL_NO_CACHE */%'",
  );
}

async function killSnapshots(): Promise<void> {
  await killAll(
    "SELECT trx_mysql_thread_id AS id FROM information_schema.INNODB_TRX t JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id WHERE p.COMMAND = 'Sleep' AND p.USER = 'stillpoint'",
  );
}

/** Kills the sessions that a query finds, once it does. */
async function killAll(found: string): Promise<void> {
  const some = async () => {
    const rows = await pair.replica.query<{ id: number }>(found);
    return rows.length > 0 ? rows : null;
  };
  const rows = await waitFor(some, { within: 30 });
  expect(rows).not.toBeNull();
  for (const { id } of rows ?? []) await pair.replica.query(`KILL ${id}`);
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
