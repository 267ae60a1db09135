import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SetUpResult } from '../../src/setUpOptions.js';
import { setUpPair } from '../../src/setUpPair.js';
import type { Observe } from '../../src/util/observe.js';
import { waitFor } from '../../src/util/wait.js';
import { pairOf } from '../rig/index.js';
import { engine } from '../rig/shared.js';
import { startWriter } from '../support/writer.js';
import {
  startTwoServers,
  two,
  bare,
  expectPair,
  expectRefused,
  setUpServers,
  stateOfBoth,
} from '../support/twoServers.js';

const isMysql = engine === 'mysql';

startTwoServers();

function resultOf({ json }: { json: unknown }): SetUpResult {
  return json as SetUpResult;
}

describe('an empty replica', () => {
  test('is seeded from the source where there is no backup, and a second run changes nothing', async () => {
    const setup = await setUpServers();
    const first = await setup.ok('pair', 'setup', '--yes', '--json');
    expect(resultOf(first)).toMatchObject({
      status: 'set-up',
      seed: 'source',
      compared: { tables: 2, notCompared: [] },
    });
    expect(first.stdout).toContain('FLUSH TABLES WITH READ LOCK');
    expect(first.stdout).not.toContain(
      (await readFile(join(setup.folder, 'secrets/repl'), 'utf8')).trim(),
    );
    await expectPair(setup);
    const [own] = resultOf(first).optionFiles.filter(({ lines }) =>
      lines.join().includes('read_only'),
    );
    expect(own?.server).toBe(`127.0.0.1:${two.replica.port}`);
    expect(own?.lines).toEqual(['server_id = 32', `${isMysql ? 'super_' : ''}read_only = ON`]);
    const before = await stateOfBoth();
    const second = await setup.ok('pair', 'setup', '--json');
    expect(resultOf(second).status).toBe('nothing');
    expect(second.stderr).toBe('');
    expect(await stateOfBoth()).toEqual(before);
  });

  test('is seeded from the newest backup where there is one', async () => {
    const setup = await setUpServers();
    await setup.ok('pair', 'setup', '--yes');
    await setup.ok('backup');
    await bare(two.replica);
    await two.source.query(
      "INSERT INTO store.item VALUES (4, 'four'); CREATE TABLE store.more (id INT)",
    );
    const { stdout, json } = await setup.ok('pair', 'setup', '--yes', '--json');
    expect(resultOf({ json })).toMatchObject({ status: 'set-up', seed: 'backup' });
    expect(stdout).toMatch(/restore backup 2\d{7}T\S+-backup-/);
    await expectPair(setup);
  });

  test('is seeded from the source where that has lost the binary logs since the backup', async () => {
    const setup = await setUpServers();
    await setup.ok('pair', 'setup', '--yes');
    await setup.ok('backup');
    await bare(two.replica);
    await two.source.query("INSERT INTO store.item VALUES (4, 'four'); FLUSH BINARY LOGS");
    const logs = await two.source.query<{ Log_name: string }>('SHOW BINARY LOGS');
    // Not before the source has seen that its former replica is gone.
    const purged = await waitFor(
      async () => {
        await two.source.query(`PURGE BINARY LOGS TO '${logs.at(-1)!.Log_name}'`);
        return (await two.source.query('SHOW BINARY LOGS')).length === 1 ? true : null;
      },
      { within: 60 },
    );
    expect(purged).toBe(true);
    const asked = await setup.run('pair', 'setup', '--seed', 'backup', '--yes');
    expect(asked.status, asked.stderr).toBe(10);
    expect(asked.stderr).toMatch(/its binary logs .* are gone/);
    expect(resultOf(await setup.ok('pair', 'setup', '--yes', '--json')).seed).toBe('source');
    await expectPair(setup);
  });
});

test('while the source is written to, no row is missing or there twice', async () => {
  const setup = await setUpServers();
  const writer = await startWriter(two.source);
  let result: SetUpResult;
  let begun: number;
  try {
    await waitFor(async () => Promise.resolve(writer.written() > 20 ? true : null), { within: 60 });
    begun = writer.written();
    result = resultOf(await setup.ok('pair', 'setup', '--seed', 'source', '--yes', '--json'));
    expect(writer.written()).toBeGreaterThan(begun);
  } finally {
    await writer.stop();
  }
  expect(result.compared?.tables).toBeGreaterThanOrEqual(4);
  await pairOf(two.source, two.replica).waitForCatchUp();
  const sums = 'SELECT COUNT(*) AS n, SUM(amount) AS sum, MAX(id) AS last FROM written.ledger';
  expect(await two.replica.query(sums)).toEqual(await two.source.query(sums));
});

test('the account that replicates has one privilege, and its password is ours to read only', async () => {
  const setup = await setUpServers();
  await setup.ok('pair', 'setup', '--yes');
  const file = join(setup.folder, 'secrets/repl');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const secret = (await readFile(file, 'utf8')).trim();
  expect(secret.length).toBeGreaterThan(20);
  const grants = await two.source.query<Record<string, string>>("SHOW GRANTS FOR repl@'%'");
  expect(grants.map((row) => Object.values(row)[0])).toEqual([
    expect.stringMatching(/^GRANT REPLICATION SLAVE ON \*\.\* TO [`']repl[`']@[`']%[`']/),
  ]);
  // The rig's MariaDB has no certificate, MySQL makes its own.
  const [made] = await two.source.query<Record<string, string>>("SHOW CREATE USER repl@'%'");
  if (isMysql) expect(Object.values(made!)[0]).toContain('REQUIRE SSL');
  const [status] = await two.replica.query<Record<string, string>>(
    isMysql ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS',
  );
  expect(status![isMysql ? 'Source_SSL_Allowed' : 'Master_SSL_Allowed']).toBe(
    isMysql ? 'Yes' : 'No',
  );
});

test('--dry-run says every statement, and changes nothing', async () => {
  const setup = await setUpServers();
  const before = await stateOfBoth();
  const { stderr, stdout } = await setup.ok('pair', 'setup', '--dry-run');
  expect(stdout).toMatch(/nothing was changed: 127.0.0.1:\d+ would be the replica/);
  for (const said of [
    /write a new password to \S+secrets\/repl/,
    /CREATE USER 'repl'@'%' IDENTIFIED BY '…'/,
    /GRANT REPLICATION SLAVE ON \*\.\* TO 'repl'@'%'/,
    /FLUSH TABLES WITH READ LOCK/,
    isMysql ? /CHANGE REPLICATION SOURCE TO/ : /CHANGE MASTER '' TO/,
    /START REPLICA/,
    /SET GLOBAL (super_)?read_only = ON/,
  ])
    expect(stderr).toMatch(said);
  expect(await stateOfBoth()).toEqual(before);
  expect(await readdir(setup.folder)).not.toContain('secrets');
  expect(await readdir(setup.config.stateDir).catch(() => [])).toEqual([]);
});

test('without --yes nobody is asked here, so nothing is changed', async () => {
  const setup = await setUpServers();
  const before = await stateOfBoth();
  const ended = await setup.run('pair', 'setup');
  expect(ended.status).toBe(2);
  expect(ended.stderr).toMatch(/make 127\.0\.0\.1:\d+ a replica of 127\.0\.0\.1:\d+/);
  expect(await stateOfBoth()).toEqual(before);
});

test('servers that differ in the end are told: exit 13', async () => {
  const setup = await setUpServers();
  await setup.runUntil('compare-servers', 'SIGKILL', 'pair', 'setup', '--yes');
  await two.replica.query(
    'SET GLOBAL read_only = OFF; SET sql_log_bin = 0; UPDATE store.item SET name = 9 WHERE id = 2; SET sql_log_bin = 1',
  );
  const ended = await setup.run('pair', 'setup', '--yes');
  expect(ended.status, ended.stderr).toBe(13);
  expect(ended.stderr).toMatch(/store\.item has another checksum than on the source/);
  await setup.ok('pair', 'setup', '--replace', '--yes');
  await expectPair(setup);
});

test('a copy of the source is attached as it is', async () => {
  const setup = await setUpServers();
  await setup.ok('pair', 'setup', '--yes');
  await two.replica.query(
    isMysql ? 'STOP REPLICA; RESET REPLICA ALL' : 'STOP SLAVE; RESET SLAVE ALL',
  );
  await two.source.query("INSERT INTO store.item VALUES (6, 'six')");
  expect(resultOf(await setup.ok('pair', 'setup', '--yes', '--json'))).toMatchObject({
    status: 'set-up',
    seed: 'none',
  });
  await expectPair(setup);
});

test('tables without transactions come along, and are named as not compared', async () => {
  await two.source.query(
    'CREATE TABLE store.old (id INT PRIMARY KEY) ENGINE = MyISAM; INSERT INTO store.old VALUES (1), (2)',
  );
  const setup = await setUpServers();
  if (isMysql)
    await expectRefused(
      setup,
      /CLONE takes the rows of InnoDB only, and the source of shop has store\.old \(MyISAM\)/,
      ['--seed', 'clone'],
    );
  expect(resultOf(await setup.ok('pair', 'setup', '--yes', '--json')).compared).toEqual({
    tables: 2,
    notCompared: ['store.old'],
  });
  expect(await two.replica.query('SELECT * FROM store.old ORDER BY id')).toHaveLength(2);
  await expectPair(setup);
});

describe('CLONE', () => {
  test('of MySQL; MariaDB has none', async () => {
    const setup = await setUpServers();
    const args = ['pair', 'setup', '--seed', 'clone', '--yes', '--json'];
    if (!isMysql) {
      await expectRefused(setup, /no CLONE from/, args.slice(2));
      return;
    }
    expect(resultOf(await setup.ok(...args))).toMatchObject({ status: 'set-up', seed: 'clone' });
    await expectPair(setup);
  });
});

test('tables that are made all the time do not hold up the source while it is locked', async () => {
  const setup = await setUpServers();
  const connections = await Promise.all([1, 2, 3].map(async () => await two.source.connect()));
  const state = { stopped: false };
  const making = connections.map(async (connection, of) => {
    while (!state.stopped)
      await connection.query(`CREATE TABLE store.made${of} (id INT); DROP TABLE store.made${of}`);
    await connection.end();
  });
  const observe: Observe = async (event) => {
    // What comes after the dump only has to follow.
    if (event.type === 'step' && event.step === 'restore') state.stopped = true;
    await Promise.resolve();
  };
  try {
    await setUpPair(setup.config, { seed: 'source', observe });
  } finally {
    state.stopped = true;
    await Promise.all(making);
  }
  await expectPair(setup);
});
