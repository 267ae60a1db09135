import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { waitFor } from '../../src/util/wait.js';
import { drillSteps, type Step } from '../../src/util/observe.js';
import { roomyFolder } from '../rig/index.js';
import { pair } from '../rig/shared.js';
import { onlySmall, setUp, smallShop } from '../support/cli.js';
import { gtidsOf } from '../support/gtids.js';
import { sandboxesIn, serversBelow } from '../support/sandboxes.js';
import { keysIn } from '../support/store.js';

beforeAll(smallShop);

const inFreeze: Step[] = ['journal', 'lease', 'stop', 'record', 'dump', 'fence', 'resume'];
// Before the first there is nothing to leave.
const moments = [...drillSteps.filter((step) => step !== 'sweep'), ...inFreeze];

test('a drill that is killed at any step: the pair goes on, and the next drill sweeps', async () => {
  const dir = await mkdtemp(join(await roomyFolder(), 'drill-kill-'));
  const setup = await setUp({ pair: onlySmall, drill: { directory: dir, catchUp: true } });
  await setup.ok('backup');
  const before = await gtidsOf(pair.replica);
  let left: string[] = [];
  for (const moment of moments) {
    const killed = await setup.runUntil(moment, 'SIGKILL', 'drill');
    expect(killed.status, `${moment}: ${killed.stderr}`).toBe(137);
    const runs = async () => ((await pair.applierRunning()) ? true : null);
    expect(await waitFor(runs, { within: 10 }), moment).toBe(true);
    // What the one before had left is gone, with its server.
    const now = await sandboxesIn(dir);
    expect(
      now.filter((name) => left.includes(name)),
      moment,
    ).toEqual([]);
    expect((await serversBelow(dir)).length, moment).toBeLessThanOrEqual(1);
    left = now;
  }
  expect((await keysIn(setup.storePath)).filter((key) => key.includes('/drills/'))).toEqual([]);
  await setup.ok('drill');
  expect(await sandboxesIn(dir)).toEqual([]);
  expect(await serversBelow(dir)).toEqual([]);
  expect(await gtidsOf(pair.replica)).toEqual(before);
  await rm(dir, { recursive: true });
}, 600_000);

test('SIGTERM: 143, and nothing is left', async () => {
  const dir = await mkdtemp(join(await roomyFolder(), 'drill-term-'));
  const setup = await setUp({ pair: onlySmall, drill: { directory: dir, catchUp: true } });
  await setup.ok('backup');
  for (const moment of ['download', 'restore', 'checks', 'follow', 'dump'] as const) {
    const ended = await setup.runUntil(moment, 'SIGTERM', 'drill', '--json');
    expect(ended.status, `${moment}: ${ended.stderr}`).toBe(143);
    expect(await pair.applierRunning(), moment).toBe(true);
    expect(await sandboxesIn(dir), moment).toEqual([]);
    expect(await serversBelow(dir), moment).toEqual([]);
  }
  expect((await keysIn(setup.storePath)).filter((key) => key.includes('/drills/'))).toEqual([]);
  await rm(dir, { recursive: true });
}, 300_000);
