import { describe, expect, test } from 'vitest';
import { waitFor } from '../../src/util/wait.js';
import { engine } from '../rig/shared.js';
import {
  startTwoServers,
  two,
  expectPair,
  expectRefused,
  setUpServers,
} from '../support/twoServers.js';

const isMysql = engine === 'mysql';

startTwoServers();

describe('what is in the way is refused, and nothing is changed', () => {
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

  test('a replica that holds something else; --replace removes it', async () => {
    const setup = await setUpServers();
    await two.replica.query(
      "CREATE DATABASE mine; CREATE TABLE mine.t (id INT); CREATE USER repl@'%' IDENTIFIED BY 'x'; CREATE ROLE `it's`; GRANT `it's` TO repl@'%'",
    );
    await two.source.query('CREATE ROLE reader; GRANT SELECT ON store.* TO reader');
    await expectRefused(setup, /the replica holds mine/);
    await setup.ok('pair', 'setup', '--replace', '--yes');
    expect(await two.replica.query("SHOW DATABASES LIKE 'mine'")).toEqual([]);
    const accounts = "SELECT User, Host FROM mysql.user WHERE User <> '' ORDER BY 1, 2";
    expect(await two.replica.query(accounts)).toEqual(await two.source.query(accounts));
    await expectPair(setup);
  });

  test('a replica of another server', async () => {
    await two.replica.query(
      isMysql
        ? "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = 1 FOR CHANNEL 'other'"
        : "CHANGE MASTER 'other' TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1",
    );
    try {
      await expectRefused(await setUpServers(), /the replica follows 127\.0\.0\.1:1/);
    } finally {
      await two.replica.query(
        isMysql ? "RESET REPLICA ALL FOR CHANNEL 'other'" : "RESET SLAVE 'other' ALL",
      );
    }
  });

  test('a backup that is asked for where there is none', async () => {
    await expectRefused(await setUpServers(), /there is no backup yet/, ['--seed', 'backup']);
  });

  test('another setup of the same pair that goes on: exit 11', async () => {
    const other = await two.source.connect();
    await other.query("SELECT GET_LOCK('stillpoint setup shop', 0)");
    await expectRefused(await setUpServers(), /another setup of shop is going on/, [], 11);
    await other.end();
  });

  test('a replica that follows, but cannot go on; --replace makes it anew', async () => {
    const setup = await setUpServers();
    await setup.ok('pair', 'setup', '--yes');
    await two.replica.query(
      'SET GLOBAL read_only = OFF; SET sql_log_bin = 0; DROP TABLE store.tick; SET sql_log_bin = 1',
    );
    await two.source.query('INSERT INTO store.tick VALUES (1)');
    const status = isMysql ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS';
    const failed = async () => {
      const [row] = await two.replica.query<Record<string, string>>(status);
      return row!['Last_SQL_Error'] === '' ? null : row!['Last_SQL_Error'];
    };
    expect(await waitFor(failed, { within: 60 })).toMatch(isMysql ? /Worker/ : /tick/);
    await expectRefused(
      setup,
      /follows the source, but its SQL thread has failed: .*hint: .*--replace/s,
    );
    await setup.ok('pair', 'setup', '--replace', '--yes');
    await expectPair(setup);
  });

  test('a source that follows its replica: their roles have changed', async () => {
    await (await setUpServers()).ok('pair', 'setup', '--yes');
    const swapped = await setUpServers({ source: two.replica, replica: two.source });
    for (const args of [[], ['--replace']])
      await expectRefused(swapped, /the source follows the replica, .*stillpoint status/s, args);
  });

  test('two writers', async () => {
    const setup = await setUpServers({}, { topology: 'source-source' });
    await expectRefused(setup, /both nodes of shop take writes/);
  });

  test('an account that is no administrator', async () => {
    const make =
      "SET sql_log_bin = 0; CREATE USER small@'%' IDENTIFIED BY 'x'; GRANT SELECT, RELOAD ON *.* TO small@'%'; SET sql_log_bin = 1";
    for (const server of [two.source, two.replica]) await server.query(make);
    const small = { user: 'small', password: 'x' };
    const lacks = /the account 'small'@'%' lacks CREATE USER, SUPER on the source of shop/;
    await expectRefused(await setUpServers({}, { admin: small }), lacks);
    const at = ({ port }: { port: number }) => ({ host: '127.0.0.1', port, ...small });
    const servers = { source: at(two.source), replica: at(two.replica) };
    const setup = await setUpServers({}, { ...servers, admin: undefined });
    await expectRefused(setup, /lacks .*hint: .*under admin in the configuration/s);
    const wrong = { ...servers, source: { ...servers.source, password: 'y' } };
    await expectRefused(
      await setUpServers({}, { ...wrong, admin: undefined }),
      /Access denied.*hint: .*under admin in the configuration/s,
      [],
      1,
    );
  });

  test('a password that MySQL would cut off', async () => {
    if (!isMysql) return;
    const replication = { user: 'repl', password: 'x'.repeat(33) };
    await expectRefused(
      await setUpServers({}, { replication }),
      /the password of "repl" has 33 letters, and MySQL takes 32/,
    );
  });

  test('nobody who replicates is named', async () => {
    const source = { host: '127.0.0.1', port: two.source.port, user: 'nobody' };
    const setup = await setUpServers({}, { replication: undefined, source });
    await expectRefused(setup, /the source of shop has no account "nobody".*under replication/s);
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
