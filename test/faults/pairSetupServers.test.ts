import { execa } from 'execa';
import { copyFile, mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/pair/checks.js';
import type { SetUpResult } from '../../src/setUpOptions.js';
import { waitFor } from '../../src/util/wait.js';
import { engines, findTools, startServers, type OwnServer } from '../rig/index.js';
import { engine, tools } from '../rig/shared.js';
import type { Setup } from '../support/cli.js';
import {
  startTwoServers,
  two,
  expectRefused,
  makeAdmin,
  setUpServers,
} from '../support/twoServers.js';

const isMysql = engine === 'mysql';

startTwoServers();

/** Runs `body` with a server that has an account for its administrator, and stops it then. */
async function withServer(
  starting: Promise<OwnServer>,
  body: (server: OwnServer) => Promise<void>,
): Promise<void> {
  const server = await starting;
  try {
    await server.query(`SET sql_log_bin = 0; ${makeAdmin} SET sql_log_bin = 1`);
    await body(server);
  } finally {
    await server.stop();
  }
}

/** Starts servers that are made with an option, in a folder of their own. */
async function startOdd(option: string) {
  const folder = join(two.folder, 'odd');
  await mkdir(folder);
  const server = join(folder, 'mysqld');
  await writeFile(server, `#!/bin/sh\nexec ${tools.server} "$@" ${option}\n`, { mode: 0o755 });
  return startServers(engine, { ...tools, server }, folder);
}

async function findings(setup: Setup): Promise<Finding[]> {
  const { json } = await setup.ok('pair', 'setup', '--dry-run', '--json');
  return (json as SetUpResult).findings;
}

describe('refused', () => {
  test('a source without a binary log', async () => {
    await withServer(two.startServer({ id: 33, args: ['--skip-log-bin'] }), async (source) => {
      await expectRefused(await setUpServers({ source }), /the source of shop writes none/);
    });
  });

  test('GTIDs on one of the two only', async () => {
    if (!isMysql) return;
    const args = ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'];
    await withServer(two.startServer({ id: 33, args }), async (replica) => {
      await expectRefused(
        await setUpServers({ replica }),
        /gtid_mode is ON on the source and OFF on the replica/,
      );
    });
  });

  test('a server of the other kind', async () => {
    const kind = engines.find((one) => one !== engine)!;
    const other = startServers(kind, (await findTools())[kind]!, two.folder)({ id: 34 });
    await withServer(other, async (replica) => {
      await expectRefused(await setUpServers({ replica }), /MySQL and MariaDB do not replicate/);
    });
  });

  test('other names of tables; MariaDB: an older replica besides. All is said at once', async () => {
    // MySQL cannot be made to say that it is another version.
    const args = isMysql ? [] : ['--version=10.6.20-MariaDB'];
    const start = await startOdd('--lower-case-table-names=1');
    await withServer(start({ id: 31, args }), async (replica) => {
      const names = /lower_case_table_names is 0 on the source and 1 on the replica/;
      const setup = await setUpServers({ replica });
      await expectRefused(setup, names);
      await expectRefused(setup, /the server_id of the source is 31, that of the replica 31/);
      if (!isMysql)
        await expectRefused(setup, /the replica is 10\.6\.20-MariaDB, older than its source/);
    });
  });

  test('the files of the source, copied: one UUID', async () => {
    // MariaDB has none.
    if (!isMysql) return;
    const file = (server: OwnServer) => join(server.dataDir, 'auto.cnf');
    await copyFile(file(two.source), file(two.replica));
    await two.replica.restart();
    try {
      await expectRefused(await setUpServers(), /both have the UUID .*Remove auto\.cnf/s);
    } finally {
      await rm(file(two.replica));
      await two.replica.restart();
    }
  });

  test('addresses that the replica could not use', async () => {
    const at = { user: 'stillpoint', password: 'x' };
    const bySocket = { ...at, socketPath: two.source.socketPath };
    await expectRefused(
      await setUpServers({}, { source: bySocket }),
      /the source is named by its socket/,
    );
    // 127.0.0.1 in other letters, so that it is not seen to be this host.
    const elsewhere = { ...at, host: '0x7f000001', port: two.replica.port };
    await expectRefused(
      await setUpServers({}, { replica: elsewhere }),
      /the source is 127\.0\.0\.1 here, which is another host for the replica/,
    );
  });

  test('too little room here for a dump of the source', async () => {
    const setup = await setUpServers();
    const { stateDir } = setup.config;
    await mkdir(stateDir);
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', stateDir]);
    try {
      await expectRefused(setup, /state has \S+ kB free, a dump of the source of shop may take/);
    } finally {
      await execa('umount', [stateDir]);
    }
  });

  test('too little room on the replica', async () => {
    const folder = join(two.folder, 'narrow');
    // Else it makes files for its redo log after it has started.
    const still = isMysql ? ['--innodb-redo-log-capacity=8M'] : [];
    await mkdir(folder);
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=2g', 'tmpfs', folder]);
    try {
      await withServer(
        startServers(engine, tools, folder)({ id: 33, args: still }),
        async (replica) => {
          const { blocks, bavail, bsize } = await statfs(folder);
          const size = (blocks - bavail) * bsize + (16 << 20);
          await execa('mount', ['-o', `remount,size=${size}`, folder]);
          await two.source.query('CREATE TABLE store.much (text LONGBLOB)');
          // MySQL would tell everybody for a day what it has told once.
          await two.source.query('SELECT DATA_LENGTH FROM information_schema.TABLES');
          const setup = await setUpServers({ replica });
          expect(await findings(setup)).toContainEqual(
            expect.objectContaining({ name: 'room', status: 'ok' }),
          );
          const row = "(REPEAT('x', 1000000))";
          await two.source.query(`INSERT INTO store.much VALUES ${Array(24).fill(row).join(', ')}`);
          // As the servers would count by themselves within ten seconds.
          await two.source.query(
            isMysql
              ? "UPDATE mysql.innodb_table_stats SET clustered_index_size = 1500 WHERE table_name = 'much'; FLUSH TABLES store.much"
              : 'ANALYZE TABLE store.much',
          );
          await expectRefused(setup, /about \d+\.\d MB needed, 1\d\.\d MB free on the replica/);
        },
      );
    } finally {
      await execa('umount', [folder]);
    }
  });
});

test('only told: clocks that go apart, a replica that could not take its place', async () => {
  const args = isMysql ? ['--log-replica-updates=OFF'] : ['--skip-log-bin'];
  // Another clock for whoever connects, but for those that may always.
  args.push('--init-connect=SET timestamp = UNIX_TIMESTAMP() + 3600');
  await withServer(two.startServer({ id: 33, args }), async (replica) => {
    const always = isMysql ? 'SUPER, CONNECTION_ADMIN' : 'SUPER, CONNECTION ADMIN';
    await replica.query(`REVOKE ${always} ON *.* FROM admin@'%'`);
    const found = await findings(await setUpServers({ replica }));
    const told = found.filter(({ status }) => status === 'warn').map(({ detail }) => detail);
    expect(told).toEqual([
      expect.stringMatching(
        isMysql
          ? /^the replica of shop has log_replica_updates off: it cannot take the place/
          : /^the replica of shop has log_bin off: it cannot take the place/,
      ),
      expect.stringMatching(/^those of the two are (1 h|59 min).* apart/),
    ]);
  });
});

test('without GTIDs it goes by file and position, also after it was killed', async () => {
  if (!isMysql) return;
  const args = ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'];
  await withServer(two.startServer({ id: 33, args }), async (source) => {
    await withServer(two.startServer({ id: 34, args }), async (replica) => {
      await source.query('CREATE DATABASE store; CREATE TABLE store.item (id INT PRIMARY KEY)');
      const setup = await setUpServers({ source, replica });
      await setup.runUntil('catch-up', 'SIGKILL', 'pair', 'setup', '--yes');
      await source.query('INSERT INTO store.item VALUES (1)');
      const { json } = await setup.ok('pair', 'setup', '--yes', '--json');
      expect(json).toMatchObject({ status: 'set-up', compared: { tables: 1, notCompared: [] } });
      await source.query('INSERT INTO store.item VALUES (2)');
      const rows = async () => (await replica.query('SELECT * FROM store.item')).length;
      const all = await waitFor(async () => ((await rows()) === 2 ? true : null), { within: 60 });
      expect(all).toBe(true);
    });
  });
});
