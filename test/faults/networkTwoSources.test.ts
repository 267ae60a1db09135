import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../src/util/wait.js';
import { startNetwork } from '../rig/index.js';
import { engine, tools } from '../rig/shared.js';
import type { Ran, Setup } from '../support/cli.js';
import { fakeMysqldump } from '../support/fakeMysqldump.js';
import { expectRingInOrder, pairOfRing, startRing, stateOf, type Ring } from '../support/ring.js';
import { drainedIn, setUpRing } from '../support/ringSetup.js';

// Two nodes that both take writes, in a network whose links are cut one by one, without a word.

const isMysql = engine === 'mysql';
const open = { writable: true, applies: true };
const network = await startNetwork();
let ring: Ring;

beforeAll(async () => {
  ring = await startRing(network.at);
});
afterAll(async () => {
  await ring.stop();
  await network.stop();
});
afterEach(async () => {
  expect([await stateOf(ring.source), await stateOf(ring.replica)]).toEqual([open, open]);
  await network.heal();
  await expectRingInOrder(ring);
});

async function setUp(programs: { mysqldump: string; mysql: string } = tools): Promise<Setup> {
  const { mysqldump, mysql } = programs;
  const { source, replica } = pairOfRing(ring) as Record<string, object>;
  const pair = {
    source: { ...source, connectTimeout: '2s' },
    replica: { ...replica, connectTimeout: '2s' },
    freeze: { lease: '5s' },
    tools: { mysqldump, mysql },
  };
  return await setUpRing(ring, { within: '2s' }, { pair, through: network.coordinator });
}

/** Another row, at the node that is backed up. */
async function write(): Promise<void> {
  await ring.replica.query('UPDATE shared.balance SET total = total + 1 WHERE node = 22');
}

describe('the two nodes do not reach each other', () => {
  test('refused, since the other one lacks what this one has; the node takes writes', async () => {
    const setup = await setUp();
    await network.cut('source', 'replica');
    await write();
    const blind = await setup.run('backup');
    expect(blind.stderr).toMatch(/source of shop has not applied .* of the replica of shop/);
    expect(blind.status).toBe(10);
    expect(await stateOf(ring.replica)).toEqual(open);
    expect(await drainedIn(setup)).toEqual(['drain.before', 'drain.after']);
    const isLost = async () => {
      const [row] = await ring.source.query<Record<string, string>>(
        isMysql ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS',
      );
      const running = row?.['Replica_IO_Running'] ?? row?.['Slave_IO_Running'];
      return running === 'Yes' ? null : true;
    };
    expect(await waitFor(isLost, { within: 60 })).toBe(true);
    const refused = await setup.run('backup');
    expect(refused.stderr).toMatch(/does not replicate from the replica of shop/);
    expect(refused.status).toBe(10);
    expect(await drainedIn(setup)).toEqual(['drain.before', 'drain.after']);
  });
});

describe('cut in the midst of a backup: the node is put back', () => {
  /** A backup whose dump does not end; `cut` is called once the node is out of writing. */
  async function backUp(setup: Setup, cut: () => Promise<void>): Promise<() => Promise<Ran>> {
    const running = setup.run('backup');
    const isHeld = async () => {
      const { writable, applies } = await stateOf(ring.replica);
      return writable || applies ? null : true;
    };
    expect(await waitFor(isHeld, { within: 60 })).toBe(true);
    await cut();
    return async () => await running;
  }
  const isBack = async () => {
    const { writable, applies } = await stateOf(ring.replica);
    return writable && applies ? true : null;
  };

  test('the link between the nodes: the backup goes through, and waits for nothing after it', async () => {
    const setup = await setUp(await fakeMysqldump('sleep 6; REAL'));
    const end = await backUp(setup, async () => await network.cut('source', 'replica'));
    const ended = await end();
    expect(ended.status, ended.stderr).toBe(0);
    expect(await drainedIn(setup)).toEqual(['drain.before', 'drain.after']);
  });

  test('the node itself is out of sight: it takes writes by itself', async () => {
    const setup = await setUp(await fakeMysqldump('sleep 600'));
    const end = await backUp(setup, async () => await network.cut('coordinator', 'replica'));
    expect(await waitFor(isBack, { within: 30 })).toBe(true);
    await network.heal();
    const ended = await end();
    expect(ended.stderr).toMatch(/(lease on|cannot connect to) the replica of shop/);
    expect(ended.status).toBe(1);
    expect(await drainedIn(setup)).toEqual(['drain.before', 'drain.after']);
    expect((await setup.ok('list', '--json')).json).toEqual([]);
  });

  // The last one: the other node holds on to its lock for two minutes of silence.
  test('the other node is out of sight: the backup fails', async () => {
    const setup = await setUp(await fakeMysqldump('sleep 600'));
    const end = await backUp(setup, async () => await network.cut('coordinator', 'source'));
    const ended = await end();
    expect(ended.stderr).toMatch(/the source of shop no longer serves/);
    expect(ended.status).toBe(1);
    expect(await drainedIn(setup)).toEqual(['drain.before', 'drain.after']);
  });
});
