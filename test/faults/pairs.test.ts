import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, roomyFolder, startPair, startServers } from '../rig/index.js';
import { engine, pair, tools } from '../rig/shared.js';
import { onlySmall, setUp, smallShop } from '../support/cli.js';
import { keysIn } from '../support/store.js';

let folder: string;
let crm: Awaited<ReturnType<typeof startPair>>;
/** Two pairs that work, and one whose servers are not there. */
let others: Record<string, { source: number; replica: number }>;

beforeAll(async () => {
  folder = await mkdtemp(join(await roomyFolder(), 'stillpoint-pairs-'));
  const ids = { source: 21, replica: 22 };
  crm = await startPair(engine, startServers(engine, tools, folder), ids);
  await crm.source.query('CREATE DATABASE small; CREATE TABLE small.t (id INT PRIMARY KEY)');
  await smallShop();
  await crm.waitForCatchUp();
  const nobody = await freePort();
  others = {
    crm: { source: crm.source.port, replica: crm.replica.port },
    gone: { source: nobody, replica: nobody },
  };
});
afterAll(async () => {
  await Promise.all([crm.source.stop(), crm.replica.stop()]);
  await rm(folder, { recursive: true, force: true });
});

test('some pairs fail: the others are backed up and drilled, exit 3, one table', async () => {
  const setup = await setUp({ pair: onlySmall, others });

  const taken = await setup.run('backup', '--all', '--json', '--label', 'x');
  expect(taken.status).toBe(3);
  expect(taken.json).toMatchObject([
    { pair: 'shop', status: 'committed', label: 'x' },
    { pair: 'crm', status: 'committed', label: 'x' },
    { pair: 'gone', status: 'failed', error: { code: 'failed', exit: 1 } },
  ]);

  const drilled = await setup.run('drill', '--all', '--at-once', '1');
  expect(drilled.status).toBe(3);
  const [head, ...rows] = drilled.stdout.split('\n');
  expect(head).toMatch(/^pair +status +id +backup +paused +took +error$/);
  expect(rows.map((row) => row.split(' ')[0])).toEqual(['shop', 'crm', 'gone']);
  expect(rows[0]).toMatch(/^shop +passed +\S+-drill-\S+ +\S+-x-\S+ +-/);
  expect(rows[1]).toMatch(/^crm +passed /);
  expect(rows[2]).toMatch(/^gone +FAILED +- +- +- +0\.\d\d s +no backup "latest" of pair gone in /);
  expect(drilled.stderr).toContain('stillpoint: gone: no backup "latest" of pair gone');
});

test('all pairs fail: the status that they share', async () => {
  const { gone } = others;
  const setup = await setUp({ others: { shop: gone!, gone: gone! } });
  const taken = await setup.run('backup', '--all', '--quiet');
  expect(taken.status).toBe(1);
  expect(taken.stdout).toBe('');
  expect(taken.stderr).toMatch(/^stillpoint: shop: .*ECONNREFUSED/m);
  expect((await setup.run('drill', '--all')).status).toBe(12);
});

test('SIGTERM: all replicas run again, nothing is listed, what had not begun does not begin', async () => {
  const setup = await setUp({ pair: onlySmall, others });
  const ended = await setup.runUntil('dump in 2', 'SIGTERM', 'backup', '--all');
  expect(ended.status).toBe(143);
  expect(ended.stderr).toMatch(/^shop: replication goes on after/m);
  expect(ended.stderr).toMatch(/^crm: replication goes on after/m);
  expect(ended.stdout).toMatch(/^gone +FAILED +- +- +0\.00 s +ended by SIGTERM$/m);
  expect(await pair.applierRunning()).toBe(true);
  expect(await crm.applierRunning()).toBe(true);
  expect(await keysIn(setup.storePath)).toEqual([]);
});

test('one of several pairs must be named, and not together with --all', async () => {
  const setup = await setUp({ others });
  const unnamed = await setup.run('backup');
  expect(unnamed.status).toBe(2);
  expect(unnamed.stderr).toBe(
    'stillpoint: which pair? there are shop, crm, gone\nhint: Name one of them, or back up all with --all.',
  );
  expect((await setup.run('backup', 'shop', '--all')).stderr).toMatch(/exclude each other/);
  expect((await setup.run('drill', '--all', '--pair', 'shop')).status).toBe(2);
});
