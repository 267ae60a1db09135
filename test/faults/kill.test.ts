import { beforeAll, describe, expect, test } from 'vitest';
import { holdSnapshotSteps, steps } from '../../src/util/observe.js';
import { waitFor } from '../../src/util/wait.js';
import { pair } from '../rig/shared.js';
import { onlySmall, setUp, smallShop } from '../support/cli.js';
import { gtidsOf } from '../support/gtids.js';
import { keysIn } from '../support/store.js';

beforeAll(smallShop);

// `done` comes after the last thing a run does.
const interesting = steps.filter((step) => !['preflight', 'done'].includes(step));
const committed = ['catch-up'];
const fromSnapshots = { ...onlySmall, freeze: { hold: 'snapshot' } };
const cases = [
  ...interesting.map((step) => ({ step, settings: onlySmall })),
  ...holdSnapshotSteps.map((step) => ({ step, settings: fromSnapshots })),
];

describe.each(cases)('a run that is killed at $step', ({ step, settings }) => {
  test('SIGKILL: replication runs again by itself, nothing is listed, the next run sweeps', async () => {
    const setup = await setUp({ pair: settings });
    const before = await gtidsOf(pair.replica);
    expect((await setup.runUntil(step, 'SIGKILL', 'backup')).status).toBe(137);

    // The server notices a dead client within 5 s; nobody helps it here.
    expect(
      await waitFor(async () => ((await pair.applierRunning()) ? true : null), { within: 10 }),
    ).toBe(true);
    expect(await gtidsOf(pair.replica)).toEqual(before);
    const listed = (await setup.run('list', '--json')).json as { id: string }[];
    expect(listed).toHaveLength(committed.includes(step) ? 1 : 0);

    const next = await setup.run('backup', '--json');
    expect(next.stderr).toBe('');
    expect(next.status).toBe(0);
    expect(await pair.applierRunning()).toBe(true);
    const { id } = next.json as { id: string };
    const ids = [...listed.map((record) => record.id), id];
    const strangers = (await keysIn(setup.storePath)).filter(
      (key) => !ids.some((own) => key.includes(own)),
    );
    expect(strangers).toEqual([]);
    await setup.ok('verify', id);
  });

  test('SIGTERM: resumed before it exits with 143', async () => {
    const setup = await setUp({ pair: settings });
    const ended = await setup.runUntil(step, 'SIGTERM', 'backup', '--json');
    const runs = await pair.applierRunning();
    expect(ended.status, ended.stderr).toBe(143);
    expect(runs).toBe(true);
    const listed = (await setup.run('list', '--json')).json as { id: string }[];
    // The signal may come before or after the one write that commits.
    if (step !== 'commit') expect(listed).toHaveLength(committed.includes(step) ? 1 : 0);
    if (listed.length === 0) expect(await keysIn(setup.storePath)).toEqual([]);
    else await setup.ok('verify', listed[0]!.id);
  });
});
