import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { PromoteResult } from '../../src/promoteOptions.js';
import type { RejoinResult } from '../../src/rejoinOptions.js';
import type { PairStatus } from '../../src/status.js';
import { waitFor } from '../../src/util/wait.js';
import type { OwnServer } from '../rig/index.js';
import type { Setup } from '../support/cli.js';
import { expectRoles } from '../support/inOrder.js';
import { durable, isWritable, ownPair } from '../support/ownPair.js';
import { status as channel } from '../support/receiver.js';

// Each test leaves the pair with its roles in order; which server has which, changes.

const own = ownPair(durable);
let source: OwnServer;
let replica: OwnServer;

beforeAll(async () => {
  [source, replica] = own.servers();
  await source.query(
    'CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY AUTO_INCREMENT, n INT)',
  );
  await own.as(source, replica).waitForCatchUp();
});

const failover = ['pair', 'promote', '--yes'];
const switchover = [...failover, '--switchover'];
const write = 'INSERT INTO shop.item (n) VALUES (1)';
const expectInOrder = async () => await expectRoles(source, replica, { table: 'shop.item', write });
const setUp = async (more: Record<string, unknown> = {}, top: Record<string, unknown> = {}) =>
  await own.setUp(source, replica, more, { top });

function swap(): void {
  [source, replica] = [replica, source];
}

/** Source and replica as they are now, with the state directory and the store of another configuration. */
async function setUpBeside({ folder, storePath }: Setup): Promise<Setup> {
  const stores = { main: { type: 'file', path: storePath } };
  return await setUp({}, { stateDir: join(folder, 'state'), stores });
}

/** A store that answers with nothing but errors, below a file. */
async function brokenStore(folder: string): Promise<Record<string, unknown>> {
  await writeFile(join(folder, 'no-folder'), '');
  return { stores: { main: { type: 'file', path: join(folder, 'no-folder', 'store') } } };
}

/** Runs a command that is killed at a step. */
async function killed(setup: Setup, step: string, ...command: string[]): Promise<void> {
  expect((await setup.runUntil(step, 'SIGKILL', ...command)).status).toBe(137);
}

/** The source dies, and takes writes again once it is back, whatever the options that it was started with. */
async function sourceDown(): Promise<() => Promise<void>> {
  const up = await source.down();
  return async () => {
    await up();
    await source.query('SET GLOBAL read_only = OFF');
  };
}

async function expectRefused(setup: Setup, command: readonly string[], why: RegExp) {
  const ended = await setup.run(...command);
  expect(ended.stderr).toMatch(why);
  expect(ended.status).toBe(10);
  return ended;
}

async function statusOf(setup: Setup): Promise<PairStatus> {
  return ((await setup.run('status', '--json')).json as PairStatus[])[0]!;
}

async function receiver(): Promise<unknown> {
  const row = await channel(replica);
  return row['Replica_IO_Running'] ?? row['Slave_IO_Running'];
}

const receiverRuns = async () => ((await receiver()) === 'Yes' ? true : null);

/** The receiver tries again at once. */
async function reconnect(): Promise<void> {
  await replica.query('STOP REPLICA IO_THREAD; START REPLICA IO_THREAD');
  expect(await waitFor(receiverRuns, { within: 30 })).toBe(true);
}

describe('what another promotion has left', () => {
  test('killed at its very end, the roles swapped in the configuration: the next one begins anew', async () => {
    const setup = await setUp();
    await killed(setup, 'keep-promotion', ...switchover);
    swap();
    const swapped = await setUpBeside(setup);
    expect((await statusOf(swapped)).promotion).toBeNull();
    const { promotion } = (await swapped.ok(...switchover, '--json')).json as PromoteResult;
    expect(promotion?.newSource.port).toBe(replica.port);
    swap();
    await expectInOrder();
    expect(await readdir(join(setup.storePath, 'shop', 'promotions'))).toHaveLength(2);
  });

  test('the same of a failover, and the new source dies', async () => {
    const setup = await setUp();
    let up = await source.down();
    await killed(setup, 'keep-promotion', ...failover);
    await up();
    swap();
    const swapped = await setUpBeside(setup);
    await swapped.ok('pair', 'rejoin', '--yes');
    await expectInOrder();
    up = await source.down();
    await swapped.ok(...failover);
    await up();
    await swapped.ok('pair', 'rejoin', '--yes');
    swap();
    await expectInOrder();
  });

  test('half done, and neither server is the one: refused', async () => {
    const setup = await setUp();
    await killed(setup, 'open-source', ...switchover);
    const path = join(setup.folder, 'state', 'shop.promotion.json');
    const text = await readFile(path, 'utf8');
    const { newSource } = JSON.parse(text) as { newSource: string };
    await writeFile(path, text.replaceAll(newSource, `${newSource}9`));
    await expectRefused(setup, switchover, /has not ended: .* is to be the source of shop/);
    await writeFile(path, text);
    await setup.ok(...switchover);
    swap();
    await expectInOrder();
  });

  test('a failover that is half done does not end as a switchover', async () => {
    const setup = await setUp();
    const up = await source.down();
    await killed(setup, 'open-source', ...failover);
    await up();
    const ended = await expectRefused(setup, switchover, /a failover .* is half done/);
    expect(ended.stderr).toMatch(/stillpoint pair promote shop$/m);
    await setup.ok(...failover);
    await setup.ok('pair', 'rejoin', '--yes');
    swap();
    await expectInOrder();
  });

  test('a switchover that is half done ends without its source', async () => {
    const setup = await setUp();
    await killed(setup, 'open-source', ...switchover);
    await expectRefused(setup, failover, /a switchover .* is half done/);
    const up = await source.down();
    await expectRefused(setup, switchover, /no switchover/);
    const ended = await setup.run(...failover);
    expect(ended.stderr).toMatch(/does not answer any more/);
    expect(ended.status).toBe(1);
    await up();
    await setup.ok('pair', 'rejoin', '--yes');
    swap();
    await expectInOrder();
  });

  test('the source takes writes again before the replica has left it: nothing is gone on with', async () => {
    const setup = await setUp();
    await killed(setup, 'act STOP REPLICA', ...switchover);
    await source.query('SET GLOBAL read_only = OFF');
    await replica.query('STOP REPLICA IO_THREAD');
    await source.query(write);
    await expectRefused(setup, switchover, /is not connected to its source/);
    await replica.query('START REPLICA IO_THREAD');
    await setup.ok(...switchover);
    swap();
    await expectInOrder();
  });

  test('a failover killed, the source is back, a switchover fails: the source takes writes', async () => {
    const setup = await setUp({ failover: { maxPause: '2s' } });
    const up = await sourceDown();
    await killed(setup, 'act wait until it has applied', ...failover);
    await up();
    await reconnect();
    const blocker = await replica.connect();
    await blocker.query('FLUSH TABLES WITH READ LOCK');
    await source.query(write);
    await expectRefused(setup, switchover, /takes writes again/);
    await blocker.end();
    await expectInOrder();
  });

  test('a failover killed, the source is back: the next one is refused, and the receiver runs again', async () => {
    const setup = await setUp();
    const up = await sourceDown();
    await killed(setup, 'act wait until it has applied', ...failover);
    expect(await receiver()).toBe('No');
    await up();
    await expectRefused(setup, failover, /answers and takes writes/);
    expect(await waitFor(receiverRuns, { within: 30 })).toBe(true);
    expect((await statusOf(setup)).promotion).toBeNull();
    await expectInOrder();
  });
});

describe('a failover', () => {
  test('SIGINT while it applies: the receiver runs again', async () => {
    const setup = await setUp();
    const up = await sourceDown();
    const ended = await setup.runUntil('act wait until it has applied', 'SIGINT', ...failover);
    expect(ended.status).toBe(130);
    expect(await receiver()).not.toBe('No');
    await up();
    await reconnect();
    await expectInOrder();
  });

  test('a replica that takes writes, and the store is down: promoted, and kept until there is a store', async () => {
    const setup = await setUp();
    const broken = await setUp(
      {},
      { stateDir: join(setup.folder, 'state'), ...(await brokenStore(setup.folder)) },
    );
    await replica.query('SET GLOBAL read_only = OFF');
    const up = await source.down();
    const ended = await broken.run(...failover, '--json');
    expect(ended.status, ended.stderr).toBe(1);
    const { status, promotion } = ended.json as PromoteResult;
    expect(status).toBe('promoted');
    expect(promotion?.warnings.join()).toMatch(/is kept in .*state/);
    await up();
    const rejoined = await setup.ok('pair', 'rejoin', '--yes', '--json');
    swap();
    expect((rejoined.json as RejoinResult).source).toBe(`127.0.0.1:${source.port}`);
    const folder = join(setup.storePath, 'shop', 'promotions');
    expect(await readdir(folder)).toEqual([`${promotion!.id}.json`]);
    expect((await readdir(join(setup.folder, 'state'))).join()).not.toContain('promot');
    await expectInOrder();
  });

  test('the hooks are told which of the two it is', async () => {
    const { folder } = await setUp();
    const heard = join(folder, 'heard');
    const hook = ['sh', '-c', `cat >> ${heard}`];
    const setup = await setUp({ failover: { before: hook, after: hook } });
    const up = await source.down();
    await setup.ok(...failover);
    await up();
    expect((await readFile(heard, 'utf8')).match(/"kind":"failover"/g)).toHaveLength(2);
    await setup.ok('pair', 'rejoin', '--yes');
    swap();
    await expectInOrder();
  });
});

describe('what a backup has left', () => {
  test('killed, then a promotion, then swapped: all goes on', async () => {
    const setup = await setUp();
    await killed(setup, 'dump', 'backup');
    await setup.ok(...switchover);
    swap();
    const swapped = await setUpBeside(setup);
    await swapped.ok(...switchover);
    swap();
    await setup.ok(...switchover);
    swap();
    await swapped.ok('backup');
    expect((await statusOf(swapped)).unfinished).toBe(false);
    expect(await swapped.ok('resume')).toMatchObject({ status: 0 });
    await expectInOrder();
  });

  test('a journal about another server hinders no promotion', async () => {
    const setup = await setUp();
    await killed(setup, 'dump', 'backup');
    await setup.ok('resume');
    const path = join(setup.folder, 'state', 'shop.journal.json');
    const entry = {
      ...{ pair: 'shop', serverUuid: 'elsewhere', backupId: '20260101T000000Z-backup-aaaaaa' },
      ...{ phase: 'frozen', channels: [], since: new Date().toISOString(), pid: 1, host: 'here' },
    };
    await writeFile(path, JSON.stringify(entry));
    const ended = await setup.ok(...switchover);
    expect(ended.stderr).toMatch(/is about another replica/);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(entry);
    swap();
    await expectInOrder();
  });
});

test('the state directory cannot be written: exit 1 before the source is fenced', async () => {
  const { folder } = await setUp();
  const heard = join(folder, 'heard');
  const hook = { failover: { before: ['sh', '-c', `cat >> ${heard}`] } };
  await symlink(join(folder, 'no', 'folder'), join(folder, 'nowhere'));
  const setup = await setUp(hook, { stateDir: join(folder, 'nowhere') });
  const ended = await setup.run(...switchover);
  expect(ended.status).toBe(1);
  expect(ended.stderr).toMatch(/cannot write .*nowhere\/shop\.promotion\.json/);
  await expect(readFile(heard)).rejects.toThrow('ENOENT');
  expect(await isWritable(source)).toBe(true);
  await expectInOrder();
});
