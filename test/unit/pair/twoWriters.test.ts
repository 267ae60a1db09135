import { describe, expect, test } from 'vitest';
import type { Server } from '../../../src/pair/server.js';
import { conflictsOf, refuseUnattachable } from '../../../src/pair/twoWriters.js';

/** A node with these settings beside those of one that is in order. */
function node(who: string, id: number, settings: Record<string, string> = {}): Server {
  const values = {
    server_id: String(id),
    ...{ log_bin: 'ON', log_replica_updates: 'ON', gtid_mode: 'ON' },
    ...{ auto_increment_increment: '2', auto_increment_offset: String(id) },
    ...settings,
  };
  const rows = Object.entries(values).map(([name, Value]) => ({ Variable_name: name, Value }));
  return { who, query: async () => Promise.resolve(rows) } as unknown as Server;
}

const one = node('source of shop', 1);

test('two nodes in order', async () => {
  expect(await conflictsOf(one, node('replica of shop', 2))).toEqual([]);
});

// Settings that take a restart, or that one engine only has.
describe('refused: no server that is restored could follow either', () => {
  test.each([
    [{ log_bin: 'OFF' }, /replica of shop does not log what it replicates/],
    [{ log_replica_updates: 'OFF' }, /replica of shop does not log what it replicates/],
    [{ gtid_mode: 'OFF' }, /replica of shop has gtid_mode OFF/],
    [{ server_id: '1' }, /both have server_id 1/],
  ])('%j', async (settings, why) => {
    const other = node('replica of shop', 2, settings);
    await expect(refuseUnattachable(one, other)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(why) as string,
    });
  });
});

test('both give the same numbers: told, but no reason to refuse', async () => {
  const other = node('replica of shop', 2, { auto_increment_offset: '1' });
  expect(await conflictsOf(one, other)).toMatchObject([{ name: 'AUTO_INCREMENT', bars: false }]);
  await refuseUnattachable(one, other);
});
