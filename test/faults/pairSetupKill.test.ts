import { execa } from 'execa';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { waitFor } from '../../src/util/wait.js';
import { engine } from '../rig/shared.js';
import { root } from '../support/cli.js';
import { killedEverywhere, manyRuns } from '../support/killed.js';
import { startTwoServers, two, bare, expectPair, setUpServers } from '../support/twoServers.js';

startTwoServers();

const begin = ['check-pair', 'make-account', 'seed'];
const ofDump = ['dump-source', 'stream'];
const ofRestore = ['restore', 'attach'];
const end = ['seeded', 'catch-up', 'compare-servers'];
const command = (seed: string) => ['pair', 'setup', '--seed', seed, '--yes'];

async function write(): Promise<void> {
  await two.source.query("INSERT INTO store.item SELECT MAX(id) + 1, 'meanwhile' FROM store.item");
}

describe('it goes on where it was killed', () => {
  test.each(['attach', 'seeded', 'compare-servers'])('at %s, from the source', async (step) => {
    const setup = await setUpServers();
    const ended = await setup.runUntil(step, 'SIGKILL', ...command('source'));
    expect(ended.status, ended.stderr).toBe(137);
    await write();
    const again = await setup.ok(...command('source'), '--json');
    expect(again.json).toMatchObject({ status: 'set-up', seed: 'source', compared: { tables: 2 } });
    await expectPair(setup);
  });

  test(
    'at each step and before each statement, one after the other, from the source',
    manyRuns,
    async () => {
      const setup = await setUpServers();
      const killed = await killedEverywhere(setup, command('source'), { between: write });
      expect(killed.steps).toEqual([...begin, ...ofDump, ...ofRestore, ...end]);
      await expectPair(setup);
    },
  );

  test('at each step, one after the other, from a backup', manyRuns, async () => {
    const setup = await setUpServers();
    await setup.ok('pair', 'setup', '--yes', '--no-compare');
    await setup.ok('backup');
    await bare(two.replica);
    const killed = await killedEverywhere(setup, command('backup'), {
      at: 'steps',
      between: write,
    });
    expect(killed.steps).toEqual([...begin, ...ofRestore, ...end]);
    await expectPair(setup);
  });
});

// MariaDB has none.
if (engine === 'mysql')
  describe('CLONE goes on where it was killed', () => {
    const state = async () => {
      const [row] = await two.replica.query<{ STATE: string }>(
        'SELECT STATE FROM performance_schema.clone_status',
      );
      return row?.STATE;
    };
    const isCloning = async () => (await state().catch(() => '')) === 'In Progress';
    const isGone = async () =>
      await state().then(
        () => false,
        (error: unknown) => !String(error).includes('clone_status'),
      );
    // In the middle of the restart it cannot be reached.
    const isAway = /cannot connect|Connection lost/;
    const moments = { 'while it copies': isCloning, 'while it restarts': isGone };
    test.each(Object.entries(moments))('%s', async (_moment, isThere) => {
      const setup = await setUpServers();
      const args = command('clone');
      const run = execa(
        process.execPath,
        [join(root, 'bin/stillpoint.js'), '-c', setup.file, ...args],
        {
          reject: false,
          stdin: 'ignore',
        },
      );
      const come = async () => ((await isThere()) ? true : null);
      expect(await waitFor(come, { within: 60, every: 5 })).toBe(true);
      run.kill('SIGKILL');
      expect((await run).signal).toBe('SIGKILL');
      await write();
      const again = await waitFor(
        async () => {
          const ended = await setup.run(...args, '--json');
          if (ended.status !== 0) expect(ended.stderr).toMatch(isAway);
          return ended.status === 0 ? ended : null;
        },
        { within: 60 },
      );
      expect(again?.json).toMatchObject({ status: 'set-up', seed: 'clone' });
      await expectPair(setup);
    });

    test('at each step, one after the other', manyRuns, async () => {
      const setup = await setUpServers();
      const args = [...command('clone'), '--json'];
      const { steps, ended } = await killedEverywhere(setup, args, {
        at: 'steps',
        between: write,
        away: isAway,
      });
      expect(steps).toEqual([...begin, ...end]);
      expect(ended.json).toMatchObject({ status: 'set-up', seed: 'clone' });
      // The data of a clone that has ended is not taken once more.
      expect(ended.stdout).not.toContain('CLONE INSTANCE');
      await expectPair(setup);
    });
  });
