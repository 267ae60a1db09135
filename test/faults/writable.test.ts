import { afterAll, beforeAll, expect, test } from 'vitest';
import { backup } from '../../src/backup.js';
import { waitFor } from '../../src/util/wait.js';
import { engine, pair } from '../rig/shared.js';
import { onlySmall, setUp, smallShop } from '../support/cli.js';

const setting = engine === 'mysql' ? 'super_read_only' : 'read_only';

beforeAll(async () => {
  await smallShop();
  await pair.replica.query('SET GLOBAL read_only = 0');
});
afterAll(
  async () => await pair.replica.query(`SET GLOBAL read_only = 1; SET GLOBAL ${setting} = 1`),
);

/** Writes past the binary log, so that no GTID stays; gives up at once when it has to wait. */
async function write(): Promise<string> {
  const connection = await pair.replica.connect();
  try {
    await connection.query('SET sql_log_bin = 0, lock_wait_timeout = 1');
    await connection.query("UPDATE small.item SET name = 'three' WHERE id = 3");
    return 'written';
  } catch (error) {
    return String(error);
  } finally {
    await connection.end();
  }
}

test('a replica that takes writes stands still under a read lock, and takes them again', async () => {
  const setup = await setUp({ pair: onlySmall });
  let inside = '';
  await backup(setup.config, {
    observe: async (event) => {
      if (event.type === 'step' && event.step === 'dump') inside = await write();
    },
  });
  expect(inside).toMatch(/timeout exceeded|read lock/i);
  expect(await write()).toBe('written');
  expect(await pair.applierRunning()).toBe(true);
});

test('SIGKILL under the read lock: the lock is gone and the replica runs', async () => {
  const setup = await setUp({ pair: onlySmall });
  expect((await setup.runUntil('fence', 'SIGKILL', 'backup')).status).toBe(137);
  const runs = async () => ((await pair.applierRunning()) ? true : null);
  expect(await waitFor(runs, { within: 10 })).toBe(true);
  expect(await write()).toBe('written');
});

test('freeze.exclusive: false on such a replica: a write in the middle is found by the fence', async () => {
  const setup = await setUp({ pair: { ...onlySmall, freeze: { exclusive: false } } });
  const writing = backup(setup.config, {
    observe: async (event) => {
      if (event.type !== 'step' || event.step !== 'fence') return;
      await pair.replica.query("UPDATE small.item SET name = 'four' WHERE id = 3");
    },
  });
  await expect(writing).rejects.toThrow(/did not stand still: .*gtid/);
  await pair.healErrant();
  await pair.replica.query('SET GLOBAL read_only = 0');
});
