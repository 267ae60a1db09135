import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DrillRecord } from '../../src/catalog/drillRecord.js';
import type { BackupRecord } from '../../src/catalog/records.js';
import type { SnapshotResult } from '../../src/snapshot.js';
import { waitFor } from '../../src/util/wait.js';
import {
  backupPassword,
  grantBackup,
  roomyFolder,
  startServers,
  type OwnServer,
} from '../rig/index.js';
import { engine, tools } from '../rig/shared.js';
import { onlySmall, setUp, type Setup } from '../support/cli.js';

const isMysql = engine === 'mysql';
let folder: string;
let source: OwnServer;
let replica: OwnServer;

/** A pair that replicates by file and position, as many old ones do. */
beforeAll(async () => {
  folder = await mkdtemp(join(await roomyFolder(), 'stillpoint-position-'));
  const startServer = startServers(engine, tools, folder);
  const off = isMysql ? ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'] : [];
  const readOnly = isMysql ? '--super-read-only=ON' : '--read-only=ON';
  [source, replica] = await Promise.all([
    startServer({ id: 31, args: off }),
    startServer({ id: 32, args: [...off, readOnly] }),
  ]);
  const [at] = await source.query<{ File: string; Position: number }>(
    isMysql ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS',
  );
  const word = isMysql ? 'SOURCE' : 'MASTER';
  const change = isMysql ? 'CHANGE REPLICATION SOURCE TO' : 'CHANGE MASTER TO';
  const more = isMysql ? 'GET_SOURCE_PUBLIC_KEY=1' : 'MASTER_USE_GTID=no';
  await source.query(
    `${grantBackup(engine)} CREATE USER repl@'%' IDENTIFIED BY 'repl pw 1'; GRANT REPLICATION SLAVE ON *.* TO repl@'%'; CREATE DATABASE small; CREATE TABLE small.item (id INT PRIMARY KEY); INSERT INTO small.item VALUES (1), (2)`,
  );
  await replica.query(
    `${change} ${word}_HOST='127.0.0.1', ${word}_PORT=${source.port}, ${word}_USER='repl', ${word}_PASSWORD='repl pw 1', ${word}_LOG_FILE='${at!.File}', ${word}_LOG_POS=${at!.Position}, ${more}; START REPLICA`,
  );
  const isThere = async () => {
    const rows = await replica.query('SELECT * FROM small.item').catch(() => []);
    return rows.length === 2 ? true : null;
  };
  if (!(await waitFor(isThere, { within: 60 }))) throw new Error('the pair does not replicate');
});
afterAll(async () => {
  await Promise.all([source.stop(), replica.stop()]);
  await rm(folder, { recursive: true, force: true });
});

async function setUpHere(): Promise<Setup> {
  const at = (port: number) => ({
    host: '127.0.0.1',
    port,
    user: 'stillpoint',
    password: backupPassword,
  });
  return await setUp({
    pair: { ...onlySmall, source: at(source.port), replica: at(replica.port) },
  });
}

test('a pair without GTIDs: the file and position are exact', async () => {
  const setup = await setUpHere();
  const { coordinates } = (await setup.run('backup', '--json')).json as BackupRecord;
  if (isMysql) expect(coordinates.gtid).toBe(null);
  await source.query('INSERT INTO small.item VALUES (3); CREATE TABLE small.later (id INT KEY)');
  const ended = await setup.run('drill', '--catch-up', '--json');
  expect(ended.stderr).toBe('');
  const record = ended.json as DrillRecord;
  expect(record.checks.filter(({ status }) => status !== 'passed')).toEqual([]);
  expect(record.catchUp!.compared).toBe(2);
});

test('a snapshot of such a pair waits for a position', async () => {
  const setup = await setUpHere();
  const holder = await replica.connect();
  await holder.query('LOCK TABLES small.item READ');
  await source.query('INSERT INTO small.item VALUES (4)');
  const early = await setup.run('snapshot', 'x', '--wait', '1s');
  await holder.end();
  expect(early.status).toBe(10);
  const { barrier } = (await setup.run('snapshot', 'x', '--json')).json as SnapshotResult;
  if (isMysql)
    expect(barrier).toMatchObject({ gtid: null, file: expect.stringContaining('.') as string });
});
