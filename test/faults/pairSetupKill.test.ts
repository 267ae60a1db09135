import { describe, expect, test } from 'vitest';
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
