import { readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { engines, findTools, startServers } from '../rig/index.js';
import { engine } from '../rig/shared.js';
import type { Setup } from '../support/cli.js';
import {
  startTwoServers,
  two,
  expectPair,
  makeAdmin,
  setUpServers,
  stateOfBoth,
} from '../support/twoServers.js';

const isMysql = engine === 'mysql';

startTwoServers();

describe('what is in the way is refused, and nothing is changed', () => {
  async function expectRefused(setup: Setup, why: RegExp, ...args: string[]): Promise<void> {
    const before = await stateOfBoth();
    const ended = await setup.run('pair', 'setup', '--yes', ...args);
    expect(ended.status, ended.stderr).toBe(10);
    expect(ended.stderr).toMatch(why);
    expect(await stateOfBoth()).toEqual(before);
    expect(await readdir(setup.folder)).not.toContain('secrets');
  }

  test('the same server id', async () => {
    await two.replica.query('SET GLOBAL server_id = 31');
    try {
      await expectRefused(
        await setUpServers(),
        /the server_id of the source is 31, that of the replica 31/,
      );
    } finally {
      await two.replica.query('SET GLOBAL server_id = 32');
    }
  });

  test('one server for both', async () => {
    await expectRefused(
      await setUpServers({ replica: two.source }),
      /source and replica are one server/,
    );
  });

  test('a binary log that is not by row', async () => {
    await two.source.query('SET GLOBAL binlog_format = STATEMENT');
    try {
      await expectRefused(await setUpServers(), /format on the source of shop is STATEMENT/);
    } finally {
      await two.source.query('SET GLOBAL binlog_format = ROW');
    }
  });

  test('no binary log on the source', async () => {
    const silent = await two.startServer({ id: 33, args: ['--skip-log-bin'] });
    try {
      await silent.query(makeAdmin);
      await expectRefused(await setUpServers({ source: silent }), /the source of shop writes none/);
    } finally {
      await silent.stop();
    }
  });

  test('GTIDs on one of the two only', async () => {
    if (!isMysql) return;
    const other = await two.startServer({
      id: 33,
      args: ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'],
    });
    try {
      await other.query(makeAdmin);
      await expectRefused(
        await setUpServers({ replica: other }),
        /gtid_mode is ON on the source and OFF on the replica/,
      );
    } finally {
      await other.stop();
    }
  });

  test('a server of the other kind', async () => {
    const toolbox = await findTools();
    const kind = engines.find((one) => one !== engine)!;
    const other = await startServers(kind, toolbox[kind]!, two.folder)({ id: 34 });
    try {
      await other.query(makeAdmin);
      await expectRefused(
        await setUpServers({ replica: other }),
        /MySQL and MariaDB do not replicate/,
      );
    } finally {
      await other.stop();
    }
  });

  test('a replica that holds something else; --replace removes it', async () => {
    const setup = await setUpServers();
    await two.replica.query(
      "CREATE DATABASE mine; CREATE TABLE mine.t (id INT); CREATE USER repl@'%' IDENTIFIED BY 'x'",
    );
    await expectRefused(setup, /the replica holds mine/);
    await setup.ok('pair', 'setup', '--replace', '--yes');
    expect(await two.replica.query("SHOW DATABASES LIKE 'mine'")).toEqual([]);
    await expectPair(setup);
  });

  test('an account that comes from the source and is there already', async () => {
    const setup = await setUpServers();
    await two.replica.query(
      "SET sql_log_bin = 0; CREATE USER repl@'%' IDENTIFIED BY 'x'; SET sql_log_bin = 1",
    );
    await expectRefused(setup, /has an account "repl" of its own/);
  });

  test('an account whose password is not here', async () => {
    const setup = await setUpServers();
    await two.source.query("CREATE USER repl@'%' IDENTIFIED BY 'x'");
    await expectRefused(
      setup,
      /has the account "repl", and \S+repl with its password is not there/,
    );
  });

  test('an account that has another password', async () => {
    const setup = await setUpServers({}, { replication: { user: 'repl', password: 'y' } });
    await two.source.query("CREATE USER repl@'%' IDENTIFIED BY 'x'");
    await expectRefused(setup, /the account "repl" of the source of shop has another password/);
  });
});
