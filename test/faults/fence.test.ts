import { beforeAll, describe, expect, test } from 'vitest';
import { backup } from '../../src/backup.js';
import type { Observe, Step } from '../../src/util/observe.js';
import { waitFor } from '../../src/util/wait.js';
import { engine, pair } from '../rig/shared.js';
import { onlySmall, setUp, smallShop, startSql, stopSql, type Setup } from '../support/cli.js';
import { fakeMysqldump } from '../support/fakeMysqldump.js';
import { keysIn } from '../support/store.js';

beforeAll(smallShop);

/** Does something when a run comes to a step, and lets it go on afterwards. */
function at(step: Step, action: () => Promise<unknown>): Observe {
  return async (event) => {
    if (event.type === 'step' && event.step === step) await action();
  };
}

async function failsAndLeavesNothing(setup: Setup, observe: Observe, cause: RegExp) {
  await expect(backup(setup.config, { observe })).rejects.toThrow(cause);
  expect(await pair.applierRunning()).toBe(true);
  expect(await keysIn(setup.storePath)).toEqual([]);
}

/** Writes to the replica past its read-only setting, without leaving a GTID behind. */
const writeUnlogged = async () => {
  await pair.replica.query(
    engine === 'mysql'
      ? "SET GLOBAL super_read_only = 0; UPDATE small.item SET name = 'other' WHERE id = 1; SET GLOBAL super_read_only = 1"
      : "UPDATE small.item SET name = 'other' WHERE id = 1",
  );
};

describe('something happens in the middle of a freeze', () => {
  test('someone starts the SQL thread', async () => {
    const setup = await setUp({ pair: onlySmall });
    const start = at('fence', async () => await pair.replica.query(startSql));
    await failsAndLeavesNothing(setup, start, /did not stand still: .*starts/);
  });

  test('someone starts the SQL thread and stops it again', async () => {
    const setup = await setUp({ pair: onlySmall });
    const flap = at('fence', async () => await pair.replica.query(`${startSql}; ${stopSql}`));
    await failsAndLeavesNothing(setup, flap, /number of SQL thread starts/);
  });

  test('someone writes to the replica', async () => {
    const setup = await setUp({ pair: onlySmall });
    await failsAndLeavesNothing(setup, at('fence', writeUnlogged), /did not stand still: .*gtid/);
    await undoErrantWrite();
  });

  test('the replica is restarted', async () => {
    const setup = await setUp({ pair: onlySmall });
    const restart = at('fence', async () => await pair.replica.restart());
    await expect(backup(setup.config, { observe: restart })).rejects.toThrow(
      /lease|lock|stand still|closed|ECONN|lost/i,
    );
    expect(
      await waitFor(async () => ((await pair.applierRunning()) ? true : null), { within: 20 }),
    ).toBe(true);
    expect(await keysIn(setup.storePath)).toEqual([]);
  });

  test('the lease is killed', async () => {
    const setup = await setUp({ pair: onlySmall });
    const killLease = at('fence', async () => {
      const rows = await pair.replica.query<{ Id: number; Info: string | null }>(
        'SHOW FULL PROCESSLIST',
      );
      const lease = rows.find((row) => row.Info?.includes('stillpoint lease'));
      await pair.replica.query(`KILL ${lease!.Id}`);
    });
    await failsAndLeavesNothing(setup, killLease, /lease/);
  });

  test('the connection that holds the lock is killed', async () => {
    const setup = await setUp({ pair: onlySmall });
    const killLock = at('fence', async () => {
      const name =
        engine === 'mysql'
          ? "CONCAT('stillpoint:', @@server_uuid)"
          : "CONCAT('stillpoint:', CONCAT_WS(':', @@hostname, @@port, @@server_id))";
      const [row] = await pair.replica.query<{ id: number }>(`SELECT IS_USED_LOCK(${name}) AS id`);
      await pair.replica.query(`KILL ${row!.id}`);
    });
    await failsAndLeavesNothing(setup, killLock, /lock/);
  });
});

// Of two databases one mysqldump dumps the rows, and writes nothing here.
test.each([['small'], ['small', 'beside']])(
  'the bound of the pause is reached: the replica is resumed first, exit 1 (%s %s)',
  async (...include) => {
    await pair.source.query(
      'DROP DATABASE IF EXISTS beside; CREATE DATABASE beside; CREATE TABLE beside.t (id INT PRIMARY KEY)',
    );
    await pair.waitForCatchUp();
    const tools = await fakeMysqldump('sleep 600');
    const freeze = { maxDuration: '1s' };
    const setup = await setUp({ pair: { databases: { include }, tools, freeze } });
    const ended = await setup.run('backup');
    expect(ended.stderr).toMatch(/reached its bound of 1 s/);
    expect(ended.status).toBe(1);
    expect(await pair.applierRunning()).toBe(true);
    expect(await keysIn(setup.storePath)).toEqual([]);
  },
);

/** The write of the test as a transaction of the replica's own, which its source then takes over. */
async function undoErrantWrite(): Promise<void> {
  await pair.healErrant();
  await smallShop();
}
