import { execa } from 'execa';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import type { PairStatus } from '../../src/status.js';
import { waitFor } from '../../src/util/wait.js';
import type { OwnServer } from '../rig/index.js';
import { engine } from '../rig/shared.js';
import { root, type Setup } from '../support/cli.js';
import { aloneOn, expectOwnRoles } from '../support/inOrder.js';
import { ownPair } from '../support/ownPair.js';

const isMysql = engine === 'mysql';
const own = ownPair();
let source: OwnServer;
let replica: OwnServer;

beforeAll(async () => {
  [source, replica] = own.servers();
  await source.query('CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY)');
  await own.as(source, replica).waitForCatchUp();
});

afterEach(async () => {
  await expectOwnRoles(source, replica);
  expect(await aloneOn(replica, source)).toEqual([]);
});

async function statusIn(setup: Setup): Promise<PairStatus> {
  const [status] = (await setup.ok('status', '--json')).json as PairStatus[];
  return status!;
}

test('both servers, what flows between them, and nothing amiss', async () => {
  const setup = await own.setUp(source, replica);
  const status = await statusIn(setup);
  expect(status).toMatchObject({
    source: {
      address: `127.0.0.1:${source.port}`,
      takesWrites: true,
      superReadOnly: isMysql ? false : null,
      binlog: { file: expect.stringMatching(/^binlog\./) as unknown },
      channels: [],
    },
    replicas: [
      {
        name: null,
        address: `127.0.0.1:${replica.port}`,
        takesWrites: false,
        superReadOnly: isMysql ? true : null,
        errant: '',
        channels: [
          { fromSource: true, error: null, behind: { transactions: 0, gtid: '', bytes: 0 } },
        ],
      },
    ],
    ...{ promotion: null, lastPromotion: null, rolesSwapped: false, problems: [] },
  });
  expect(status.channels).toEqual(status.replicas[0]!.channels);
  expect(status.replicas[0]!.channels[0]!.executed).toEqual(status.source.binlog);
  const { stdout } = await setup.ok('status');
  expect(stdout).toMatch(/source +127\S+ +M\S+ [\d.]+, takes writes/);
  expect(stdout).toMatch(/├─ receiver running, applier running, lag 0 s, has everything/);
  expect(stdout).toMatch(/└▶ replica +127\S+ +M\S+ [\d.]+, read-only/);
});

test('what a replica lacks is told, and is not errant; over several files too', async () => {
  const setup = await own.setUp(source, replica);
  await replica.query('STOP REPLICA SQL_THREAD');
  try {
    await source.query(
      'INSERT INTO shop.item VALUES (1); INSERT INTO shop.item VALUES (2); FLUSH BINARY LOGS; INSERT INTO shop.item VALUES (3)',
    );
    const { replicas } = await statusIn(setup);
    const { errant, channels } = replicas[0]!;
    expect(errant).toBe('');
    expect(channels[0]).toMatchObject({ applier: 'stopped', behind: { transactions: 3 } });
    expect(channels[0]!.behind!.bytes).toBeGreaterThan(300);
    expect((await setup.ok('status')).stdout).toMatch(/applier STOPPED, .*lacks 3\s+│?\s*trans/);
  } finally {
    await replica.query('START REPLICA SQL_THREAD');
  }
  await own.as(source, replica).waitForCatchUp();
});

test('a transaction of the replica itself is errant', async () => {
  const setup = await own.setUp(source, replica);
  const setting = isMysql ? 'super_read_only' : 'read_only';
  await replica.query(`SET GLOBAL ${setting} = 0; CREATE DATABASE astray`);
  try {
    const { replicas } = await statusIn(setup);
    expect(replicas[0]!.errant).toMatch(isMysql ? /^[0-9a-f-]{36}:1$/ : /^0-22-/);
    expect(replicas[0]!.takesWrites).toBe(!isMysql);
    expect((await setup.ok('status')).stdout).toMatch(/has what its source has not: /);
  } finally {
    await replica.query(`DROP DATABASE astray; SET GLOBAL ${setting} = 1`);
    await own.as(source, replica).healErrant();
  }
});

test('a source that is away, or hangs: the rest is drawn, soon', async () => {
  const away = await own.setUp({ ...source, port: 1 }, replica);
  const status = await statusIn(away);
  expect(status.source).toMatchObject({ version: null, takesWrites: null });
  expect(status.replicas[0]).toMatchObject({
    errant: null,
    channels: [{ applier: 'running', fromSource: null, behind: null }],
  });
  expect(status.problems).toEqual([expect.stringMatching(/source of shop/)]);
  expect((await away.ok('status')).stdout).toMatch(/source +127.0.0.1:1 +not reached/);

  const setup = await own.setUp(source, replica);
  const pid = Number(await readFile(join(source.dataDir, 'server.pid'), 'utf8'));
  process.kill(pid, 'SIGSTOP');
  try {
    const begun = performance.now();
    const hanging = await statusIn(setup);
    expect((performance.now() - begun) / 1000).toBeLessThan(25);
    expect(hanging.source.version).toBeNull();
    expect(hanging.replicas[0]).toMatchObject({ channels: [{ applier: 'running' }] });
  } finally {
    process.kill(pid, 'SIGCONT');
  }
});

test('a switchover: the roles are swapped until the configuration is', async () => {
  const setup = await own.setUp(source, replica);
  await setup.ok('pair', 'promote', '--switchover', '--yes');
  try {
    const swapped = await statusIn(setup);
    expect(swapped).toMatchObject({
      rolesSwapped: true,
      lastPromotion: { kind: 'switchover', newSource: { port: replica.port } },
      source: { takesWrites: false, channels: [{ applier: 'running' }] },
      replicas: [{ takesWrites: true, channels: [], errant: null }],
    });
    expect((await setup.ok('status')).stdout).toMatch(/roles +SWAPPED: 127\S+ is the source now/);
  } finally {
    const back = await own.setUp(replica, source);
    await back.ok('pair', 'promote', '--switchover', '--yes');
  }
  await own.as(source, replica).waitForCatchUp();
  expect(await statusIn(setup)).toMatchObject({ rolesSwapped: false });
});

test('a promotion that was killed is told', async () => {
  const setup = await own.setUp(source, replica);
  const command = ['pair', 'promote', '--switchover', '--yes'];
  expect((await setup.runUntil('apply', 'SIGKILL', ...command)).status).toBe(137);
  const status = await statusIn(setup);
  expect(status.promotion).toMatchObject({ kind: 'switchover', phase: 'closing' });
  expect(status.source.takesWrites).toBe(false);
  expect((await setup.ok('status')).stdout).toMatch(/promotion +of .* has not ended/);
  await setup.ok(...command);
  await (await own.setUp(replica, source)).ok(...command);
});

test('--watch --json: a line for each look, until Ctrl-C (130)', async () => {
  const setup = await own.setUp(source, replica);
  const child = execa(
    process.execPath,
    [join(root, 'bin/stillpoint.js'), '-c', setup.file, 'status', '--watch', '0.2', '--json'],
    { reject: false, stdin: 'ignore' },
  );
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const lines = () => said.split('\n').slice(0, -1);
  expect(
    await waitFor(async () => Promise.resolve(lines().length > 2 || null), { within: 60 }),
  ).toBe(true);
  child.kill('SIGINT');
  expect((await child).exitCode).toBe(130);
  for (const line of lines()) expect(JSON.parse(line)).toMatchObject([{ pair: 'shop' }]);
});
