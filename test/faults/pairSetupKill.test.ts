import { execa } from 'execa';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { waitFor } from '../../src/util/wait.js';
import { engine } from '../rig/shared.js';
import { root } from '../support/cli.js';
import { startTwoServers, two, bare, expectPair, setUpServers } from '../support/twoServers.js';

startTwoServers();

describe('it goes on where it was killed', () => {
  const ofSource = ['make-account', 'seed', 'dump-source', 'stream', 'load end /data/', 'attach'];
  const ofBoth = ['seeded', 'catch-up', 'compare-servers'];
  const cases = [
    ...[...ofSource, ...ofBoth].map((step) => ({ step, seed: 'source' as const })),
    ...['seed', 'load begin /schema/', 'load end /data/', 'attach', ...ofBoth].map((step) => ({
      step,
      seed: 'backup' as const,
    })),
  ];
  test.each(cases)('at $step, from a $seed', async ({ step, seed }) => {
    const setup = await setUpServers();
    if (seed === 'backup') {
      await setup.ok('pair', 'setup', '--yes', '--no-compare');
      await setup.ok('backup');
      await bare(two.replica);
    }
    const ended = await setup.runUntil(step, 'SIGKILL', 'pair', 'setup', '--seed', seed, '--yes');
    expect(ended.status, ended.stderr).toBe(137);
    await two.source.query("INSERT INTO store.item VALUES (5, 'meanwhile')");
    const again = await setup.ok('pair', 'setup', '--seed', seed, '--yes', '--json');
    expect(again.json).toMatchObject({ status: 'set-up', seed, compared: { tables: 2 } });
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
    const moments = { 'while it copies': isCloning, 'while it restarts': isGone };
    test.each(Object.entries(moments))('%s', async (_moment, isThere) => {
      const setup = await setUpServers();
      const args = ['pair', 'setup', '--seed', 'clone', '--yes'];
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
      await two.source.query("INSERT INTO store.item VALUES (5, 'meanwhile')");
      // In the middle of the restart it cannot be reached.
      const again = await waitFor(
        async () => {
          const ended = await setup.run(...args, '--json');
          if (ended.status !== 0) expect(ended.stderr).toMatch(/cannot connect|Connection lost/);
          return ended.status === 0 ? ended : null;
        },
        { within: 60 },
      );
      expect(again?.json).toMatchObject({ status: 'set-up', seed: 'clone' });
      await expectPair(setup);
    });

    test('once it is seeded', async () => {
      const setup = await setUpServers();
      const args = ['pair', 'setup', '--seed', 'clone', '--yes'];
      const ended = await setup.runUntil('seeded', 'SIGKILL', ...args);
      expect(ended.status, ended.stderr).toBe(137);
      const again = await setup.ok(...args, '--json');
      expect(again.json).toMatchObject({ status: 'set-up', seed: 'clone' });
      expect(again.stdout).not.toContain('CLONE INSTANCE');
      await expectPair(setup);
    });
  });
