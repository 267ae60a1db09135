import { execa } from 'execa';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { waitFor } from '../../src/util/wait.js';
import { engine, tools } from '../rig/shared.js';
import {
  startTwoServers,
  two,
  bare,
  expectPair,
  expectRefused,
  makeAdmin,
  setUpServers,
  stateOfBoth,
} from '../support/twoServers.js';

const isMysql = engine === 'mysql';

startTwoServers({ tls: true });

type Row = Record<string, string>;

async function expectTls(used: boolean, replica = two.replica): Promise<void> {
  const [status] = await replica.query<Row>(isMysql ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS');
  const allowed = status![isMysql ? 'Source_SSL_Allowed' : 'Master_SSL_Allowed'];
  expect(allowed).toBe(used ? 'Yes' : 'No');
}

async function isRequired(): Promise<boolean> {
  const [made] = await two.source.query<Row>("SHOW CREATE USER repl@'%'");
  return Object.values(made!)[0]!.includes('REQUIRE SSL');
}

describe('TLS', () => {
  test('both have it: the replica connects by it, and nobody else gets in without', async () => {
    const password = 'of replication 1';
    const setup = await setUpServers({}, { replication: { user: 'repl', password } });
    await setup.ok('pair', 'setup', '--yes');
    await expectPair(setup);
    expect(await isRequired()).toBe(true);
    await expectTls(true);
    const comeIn = async (...more: string[]) =>
      await execa(
        tools.mysql,
        [
          ...['--no-defaults', '-h127.0.0.1', `-P${two.source.port}`, '-urepl', `-p${password}`],
          ...[...more, '-e', 'SELECT 1'],
        ],
        { reject: false },
      );
    const plain = await comeIn(isMysql ? '--ssl-mode=DISABLED' : '--skip-ssl');
    expect(plain.stderr).toContain('Access denied');
    expect((await comeIn(isMysql ? '--ssl-mode=REQUIRED' : '--ssl')).exitCode).toBe(0);
  });

  test('the replica has none: the account is let in without, since the two may change their roles', async () => {
    const args = isMysql ? ['--tls-version='] : [];
    const bare = await two.startServer({ id: 33, args });
    try {
      await bare.query(`SET sql_log_bin = 0; ${makeAdmin} SET sql_log_bin = 1`);
      const setup = await setUpServers({ replica: bare });
      await setup.ok('pair', 'setup', '--yes');
      expect(await isRequired()).toBe(false);
      await expectTls(true, bare);
      await setup.ok('pair', 'promote', '--switchover', '--yes');
      await expectTls(false, two.source);
      await bare.query("INSERT INTO store.item VALUES (7, 'seven')");
      const arrived = async () =>
        (await two.source.query('SELECT * FROM store.item WHERE id = 7')).length > 0 ? true : null;
      expect(await waitFor(arrived, { within: 60 })).toBe(true);
    } finally {
      await bare.stop();
    }
  });
});

test('no switchover where the old source could not follow then', async () => {
  const password = 'of replication 1';
  const setup = await setUpServers({}, { replication: { user: 'repl', password } });
  await setup.ok('pair', 'setup', '--yes');
  const before = await stateOfBoth();
  for (const [replication, why, status] of [
    [
      { user: 'repl', password: 'of nobody 1' },
      /"repl" of the replica .* has another password/,
      10,
    ],
    [{ user: 'nobody', password }, /the replica of shop has no account "nobody"/, 10],
    [{ user: 'admin', passwordFile: 'none' }, /cannot read .*none/, 2],
  ] as const) {
    const other = await setUpServers({}, { replication });
    const ended = await other.run('pair', 'promote', '--switchover', '--yes');
    expect(ended.status, ended.stderr).toBe(status);
    expect(ended.stderr).toMatch(why);
    expect(ended.stderr).toMatch(/^hint: /m);
    expect(await stateOfBoth()).toEqual(before);
  }
});

test('an encrypted backup is read with its key; without it nothing is changed', async () => {
  const key = async (name: string) => {
    const { stdout } = await execa('age-keygen');
    const file = join(two.folder, name);
    await writeFile(file, stdout, { mode: 0o600 });
    return { file, recipient: /age1\w+/.exec(stdout)![0] };
  };
  const [own, other] = [await key('own.key'), await key('other.key')];
  const setup = await setUpServers({}, { encryption: { recipients: [own.recipient] } });
  await setup.ok('pair', 'setup', '--yes');
  await setup.ok('backup');
  await bare(two.replica);
  await two.replica.query("CREATE DATABASE mine; CREATE USER me@'%'");
  for (const args of [['--replace'], ['--replace', '--seed', 'backup']]) {
    await expectRefused(setup, /is encrypted and no identity is named/, args, 2);
    const wrong = [...args, '--identity', other.file];
    await expectRefused(setup, /Is this the identity .* Say --seed source/, wrong, 1);
  }
  const ended = await setup.ok(
    ...['pair', 'setup', '--replace', '--identity', own.file, '--yes', '--json'],
  );
  expect(ended.json).toMatchObject({ status: 'set-up', seed: 'backup' });
  await expectPair(setup);
});
