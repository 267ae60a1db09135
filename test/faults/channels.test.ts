import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { backup } from '../../src/backup.js';
import type { PromoteResult } from '../../src/promotePair.js';
import type { PairStatus } from '../../src/status.js';
import { waitFor } from '../../src/util/wait.js';
import {
  backupPassword,
  grantBackup,
  pairOf,
  roomyFolder,
  startServers,
  type OwnServer,
} from '../rig/index.js';
import { engine, freshTarget, target, tools } from '../rig/shared.js';
import { setUp, type Setup } from '../support/cli.js';
import { isWritable } from '../support/ownPair.js';
import { keysIn } from '../support/store.js';

const isMysql = engine === 'mysql';
const names = ['one', 'two'] as const;
let folder: string;
let sources: OwnServer[];
let replica: OwnServer;

beforeAll(async () => {
  folder = await mkdtemp(join(await roomyFolder(), 'stillpoint-channels-'));
  const startServer = startServers(engine, tools, folder);
  // MariaDB tells the streams of two sources apart by their domains.
  const domain = (id: number) => (isMysql ? [] : [`--gtid-domain-id=${id}`]);
  [replica, ...sources] = await Promise.all([
    startServer({ id: 13, args: [isMysql ? '--super-read-only=ON' : '--read-only=ON'] }),
    startServer({ id: 11, args: domain(11) }),
    startServer({ id: 12, args: domain(12) }),
  ]);
  for (const [i, source] of sources.entries()) {
    const name = names[i]!;
    const to = `'127.0.0.1', ${isMysql ? 'SOURCE' : 'MASTER'}_PORT=${source.port}`;
    await source.query(
      `${i === 0 ? grantBackup(engine) : ''} CREATE USER repl_${name}@'%' IDENTIFIED BY 'repl pw 1'; GRANT REPLICATION SLAVE ON *.* TO repl_${name}@'%'; CREATE DATABASE of_${name}; CREATE TABLE of_${name}.t (id INT PRIMARY KEY); INSERT INTO of_${name}.t VALUES (1), (2)`,
    );
    await replica.query(
      isMysql
        ? `CHANGE REPLICATION SOURCE TO SOURCE_HOST=${to}, SOURCE_USER='repl_${name}', SOURCE_PASSWORD='repl pw 1', GET_SOURCE_PUBLIC_KEY=1, SOURCE_AUTO_POSITION=1 FOR CHANNEL '${name}'; START REPLICA FOR CHANNEL '${name}'`
        : `CHANGE MASTER '${name}' TO MASTER_HOST=${to}, MASTER_USER='repl_${name}', MASTER_PASSWORD='repl pw 1', MASTER_USE_GTID=slave_pos; START SLAVE '${name}'`,
    );
  }
  const isThere = async () =>
    await replica.query('SELECT * FROM of_one.t JOIN of_two.t USING (id)').catch(() => null);
  if (!(await waitFor(isThere, { within: 60 }))) throw new Error('the channels do not work');
});
afterAll(async () => {
  await Promise.all([replica, ...sources].map(async (server) => await server.stop()));
  await rm(folder, { recursive: true, force: true });
});

/** It was made a source: it has writes of its own then. */
let isPromoted = false;
afterEach(async () => {
  expect(await Promise.all([...sources, replica].map(isWritable))).toEqual([
    true,
    true,
    isPromoted,
  ]);
  if (isPromoted) return;
  const faults = await pairOf(sources[0]!, replica).faults();
  expect(faults.filter((fault) => fault.includes('GTIDs of its own'))).toEqual([]);
});

/** Which channels' appliers run. */
async function running(): Promise<string[]> {
  const rows = await replica.query<Record<string, string>>(
    isMysql ? 'SHOW REPLICA STATUS' : 'SHOW ALL SLAVES STATUS',
  );
  return rows
    .filter((row) => (row['Replica_SQL_Running'] ?? row['Slave_SQL_Running']) === 'Yes')
    .map((row) => row['Channel_Name'] ?? row['Connection_name'] ?? '')
    .sort();
}

async function setUpChannels(more: Record<string, unknown> = {}): Promise<Setup> {
  const at = (port: number) => ({
    host: '127.0.0.1',
    port,
    user: 'stillpoint',
    password: backupPassword,
  });
  return await setUp({
    pair: { source: at(sources[0]!.port), replica: at(replica.port), ...more },
  });
}

test('a replica of two sources: both channels stand still, are recorded, and go on', async () => {
  const setup = await setUpChannels();
  let inside: string[] | null = null;
  const record = await backup(setup.config, {
    observe: async (event) => {
      if (event.type === 'step' && event.step === 'dump') inside = await running();
    },
  });
  expect(inside).toEqual([]);
  expect(await running()).toEqual(['one', 'two']);
  expect(record.coordinates.channels.map(({ name }) => name)).toEqual(['one', 'two']);
  for (const { source } of record.coordinates.channels) expect(source.file).toMatch(/^binlog\./);
  const { contents } = (await setup.run('show', 'latest', '--json')).json as {
    contents: { tables: { name: string; rows: number }[] };
  };
  expect(contents.tables.map(({ rows }) => rows)).toEqual([2, 2]);
});

test('status draws both sources; what came from the second is not errant', async () => {
  const setup = await setUpChannels();
  const [status] = (await setup.ok('status', '--json')).json as PairStatus[];
  const [seen] = status!.replicas;
  expect(seen!.channels.map(({ fromSource }) => fromSource)).toEqual([true, false]);
  expect(seen!.channels.map(({ behind }) => behind?.transactions ?? null)).toEqual([0, null]);
  expect(seen!.errant).toBe('');
  const { stdout } = await setup.ok('status');
  expect(stdout).toMatch(
    /├─ channel one: receiver running[^]*▲\n +├─ channel two: receiver running/,
  );
  expect(stdout).toContain(`└ 127.0.0.1:${sources[1]!.port}`);
});

test('one of two channels was stopped by an operator: exit 10, and it stays so', async () => {
  const setup = await setUpChannels();
  await replica.query(isMysql ? "STOP REPLICA FOR CHANNEL 'two'" : "STOP SLAVE 'two'");
  const ended = await setup.run('backup');
  expect(ended.stderr).toMatch(/channel "two" of the replica of shop is stopped/);
  expect(ended.status).toBe(10);
  expect(await running()).toEqual(['one']);
  await replica.query(isMysql ? "START REPLICA FOR CHANNEL 'two'" : "START SLAVE 'two'");
});

test('SIGKILL during the freeze of two channels: both run again by themselves', async () => {
  const setup = await setUpChannels();
  expect((await setup.runUntil('fence', 'SIGKILL', 'backup')).status).toBe(137);
  const both = async () => ((await running()).length === 2 ? true : null);
  expect(await waitFor(both, { within: 10 })).toBe(true);
  await setup.ok('backup');
  const ids = new Set((await keysIn(setup.storePath)).map((key) => key.split('/')[2]));
  expect(ids.size).toBe(1);
});

test('a server cannot be attached to two sources at once: says so before it loads anything', async () => {
  const setup = await setUpChannels();
  await setup.ok('backup');
  await freshTarget();
  const ended = await setup.run('restore', 'latest', '--to', 'third', '--attach', '--yes');
  expect(ended.status).toBe(10);
  expect(ended.stderr).toMatch(/replica with several sources/);
  expect(await target.query("SHOW DATABASES LIKE 'of%'")).toEqual([]);
});

describe('pair promote', () => {
  const statusOf = async (name: string) => {
    const rows = await replica.query<{ status: string }>(
      `SELECT STATUS AS status FROM information_schema.EVENTS WHERE EVENT_NAME = '${name}'`,
    );
    return rows[0]?.status ?? 'none';
  };
  const setUpPromotion = async (more: Record<string, unknown> = {}) =>
    await setUpChannels({
      admin: { user: 'chief', password: 'chief pw 1' },
      replication: { user: 'repl_one', password: 'repl pw 1' },
      ...more,
    });

  beforeAll(async () => {
    const at = "ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01'";
    await sources[0]!.query(
      `CREATE USER chief@'%' IDENTIFIED BY 'chief pw 1'; GRANT ALL ON *.* TO chief@'%' WITH GRANT OPTION; CREATE EVENT of_one.tick_one ${at} DO DELETE FROM of_one.t`,
    );
    await sources[1]!.query(`CREATE EVENT of_two.tick_two ${at} DO DELETE FROM of_two.t`);
    const areThere = async () =>
      [await statusOf('tick_one'), await statusOf('tick_two')].includes('none') ? null : true;
    expect(await waitFor(areThere, { within: 60 })).toBe(true);
  });

  test('a switchover is refused: the old source would have to hold what comes from the other', async () => {
    const setup = await setUpPromotion();
    const ended = await setup.run('pair', 'promote', '--switchover', '--yes');
    expect(ended.stderr).toMatch(new RegExp(`follows 127.0.0.1:${sources[1]!.port} too`));
    expect(ended.status).toBe(10);
    expect(await running()).toEqual(['one', 'two']);
  });

  test('none of its sources is the one of the pair: refused', async () => {
    const source = { host: '127.0.0.1', port: 1, user: 'nobody' };
    const setup = await setUpPromotion({ source });
    const ended = await setup.run('pair', 'promote', '--yes');
    expect(ended.stderr).toMatch(
      /none of the channels of the replica of shop \("one", "two"\) is from 127\.0\.0\.1:1/,
    );
    expect(ended.status).toBe(10);
    expect(await running()).toEqual(['one', 'two']);
  });

  test('it is not restored from one of them: refused', async () => {
    const setup = await setUpPromotion();
    const ended = await setup.run('pair', 'rejoin', '--reseed', '--yes');
    expect(ended.stderr).toMatch(/the replica of shop follows several servers/);
    expect(ended.status).toBe(10);
    expect(await running()).toEqual(['one', 'two']);
  });

  test('the source is gone: its channel is ended, the other goes on; killed, the same again', async () => {
    const setup = await setUpPromotion();
    const up = await sources[0]!.down();
    const command = ['pair', 'promote', '--yes'];
    isPromoted = true;
    expect((await setup.runUntil('open-source', 'SIGKILL', ...command)).status).toBe(137);
    const { promotion } = (await setup.ok(...command, '--json')).json as PromoteResult;
    expect(promotion?.events).toEqual(['of_one.tick_one']);
    expect(await statusOf('tick_two')).toMatch(/SIDE_?DISABLED/);
    const again = (await setup.ok(...command, '--json')).json as PromoteResult;
    expect(again.status).toBe('nothing');
    await replica.query('INSERT INTO of_one.t VALUES (3)');
    await sources[1]!.query('INSERT INTO of_two.t VALUES (3)');
    const isThere = async () =>
      (await replica.query('SELECT * FROM of_two.t WHERE id = 3')).length === 1 ? true : null;
    expect(await waitFor(isThere, { within: 60 })).toBe(true);
    expect(await running()).toEqual(['two']);
    await up();
    const late = (await setup.ok(...command, '--json')).json as PromoteResult;
    expect(late.status).toBe('nothing');
    expect(await running()).toEqual(['two']);
    const rejoin = await setup.run('pair', 'rejoin', '--yes');
    expect(rejoin.stderr).toMatch(/what comes from there would come to \S+ as well/);
    expect(rejoin.status).toBe(10);
  });
});
