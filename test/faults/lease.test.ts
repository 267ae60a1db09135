import { beforeAll, expect, test } from 'vitest';
import { backup } from '../../src/backup.js';
import { waitFor } from '../../src/util/wait.js';
import { pair } from '../rig/shared.js';
import { onlySmall, setUp, smallShop } from '../support/cli.js';
import { fakeMysqldump } from '../support/fakeMysqldump.js';

beforeAll(smallShop);

/** Statements that hold the lease, by connection. */
async function leases(): Promise<number[]> {
  const rows = await pair.replica.query<{ Id: number; Info: string | null }>(
    'SHOW FULL PROCESSLIST',
  );
  return rows.filter((row) => row.Info?.includes('stillpoint lease')).map((row) => row.Id);
}

test('a dump that takes longer than the lease: it is renewed, and nothing starts the replica', async () => {
  const tools = await fakeMysqldump('sleep 9; REAL');
  const setup = await setUp({ pair: { ...onlySmall, tools, freeze: { lease: '5s' } } });
  const held = new Set<number>();
  let ended = false;
  const watching = waitFor(
    async () => {
      for (const id of await leases()) held.add(id);
      return ended ? true : null;
    },
    { within: 120, every: 200 },
  );
  const record = await backup(setup.config).finally(() => (ended = true));
  await watching;
  expect(record.pauseSeconds).toBeGreaterThan(9);
  expect(held.size).toBeGreaterThan(2);
  const gone = async () => ((await leases()).length === 0 ? true : null);
  expect(await waitFor(gone, { within: 10 })).toBe(true);
});
