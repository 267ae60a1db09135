import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backup } from '../../src/backup.js';
import { waitFor } from '../../src/util/wait.js';
import { backupPassword, roomyFolder, startPair, startServers } from '../rig/index.js';
import { engine, tools } from '../rig/shared.js';
import { onlySmall, setUp } from '../support/cli.js';
import { fakeMysqldump } from '../support/fakeMysqldump.js';
import { keysIn } from '../support/store.js';

let folder: string;
let pair: Awaited<ReturnType<typeof startPair>>;

beforeAll(async () => {
  folder = await mkdtemp(join(await roomyFolder(), 'stillpoint-relay-'));
  const startServer = startServers(engine, tools, folder);
  const cramped = ['--relay-log-space-limit=4M', '--max-relay-log-size=1M'];
  pair = await startPair(
    engine,
    async ({ id, args = [] }) => await startServer({ id, args: [...args, ...cramped] }),
    { source: 21, replica: 22 },
  );
  await pair.source.query(
    'CREATE DATABASE small; CREATE TABLE small.note (id INT PRIMARY KEY AUTO_INCREMENT, text LONGBLOB)',
  );
  await pair.waitForCatchUp();
});
afterAll(async () => {
  await Promise.all([pair.source.stop(), pair.replica.stop()]);
  await rm(folder, { recursive: true, force: true });
});

async function write(megabytes: number): Promise<void> {
  for (let i = 0; i < megabytes * 2; i += 1) {
    await pair.source.query("INSERT INTO small.note (text) VALUES (REPEAT('x', 500000))");
  }
}

async function setUpCramped(more: Record<string, unknown> = {}) {
  const at = (port: number) => ({
    host: '127.0.0.1',
    port,
    user: 'stillpoint',
    password: backupPassword,
  });
  return await setUp({
    pair: {
      ...onlySmall,
      source: at(pair.source.port),
      replica: at(pair.replica.port),
      ...more,
    },
  });
}

test('the relay logs fill up during the pause: resumed, the backup fails', async () => {
  // A dump that ends only because it is ended.
  const setup = await setUpCramped({ tools: await fakeMysqldump('sleep 600; REAL') });
  const run = backup(setup.config, {
    observe: async (event) => {
      if (event.type === 'step' && event.step === 'dump') await write(8);
    },
  });
  await expect(run).rejects.toThrow(/no room for relay logs/);
  expect(await pair.applierRunning()).toBe(true);
  expect(await keysIn(setup.storePath)).toEqual([]);
  await pair.waitForCatchUp();
});

test('the relay logs are half full before: exit 10, never paused', async () => {
  const setup = await setUpCramped();
  const blocker = await pair.replica.connect();
  try {
    await blocker.query('LOCK TABLES small.note READ');
    await write(8);
    const isFilled = async () => {
      const sql = engine === 'mysql' ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS';
      const [row] = await pair.replica.query<{ Relay_Log_Space: number }>(sql);
      return row!.Relay_Log_Space > 3e6 ? true : null;
    };
    expect(await waitFor(isFilled, { within: 60 })).toBe(true);
    const ended = await setup.run('backup');
    expect(ended.stderr).toMatch(/the relay logs of the replica of shop hold \d+ of 4194304 bytes/);
    expect(ended.status).toBe(10);
  } finally {
    await blocker.end();
  }
  await pair.waitForCatchUp();
});
