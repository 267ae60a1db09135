import { execa } from 'execa';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openJournal } from '../../src/freeze/journal.js';
import type { PairStatus } from '../../src/status.js';
import { steps, twoWriterSteps } from '../../src/util/observe.js';
import { waitFor } from '../../src/util/wait.js';
import { root, type Setup } from '../support/cli.js';
import { expectRingInOrder, lockedByApp, startRing, stateOf, type Ring } from '../support/ring.js';
import { drainedIn, setUpRing } from '../support/ringSetup.js';

const open = { writable: true, applies: true };
let ring: Ring;

beforeAll(async () => {
  ring = await startRing();
});
afterAll(async () => await ring.stop());
afterEach(async () => await expectRingInOrder(ring));

async function outIn(setup: Setup): Promise<string | null> {
  const [status] = (await setup.ok('status', '--json')).json as PairStatus[];
  return status!.replicas[0]!.outOfWriting;
}

// Nothing is locked before that, and nothing is left to be done after.
const ofEach = steps.filter((step) => !['preflight', 'done'].includes(step));
/** Up to here the node was not taken out. */
const before = ['lock', 'recover', 'gate'];
const committed = ['catch-up'];

describe.each([...twoWriterSteps, ...ofEach])('killed at %s', (step) => {
  test('SIGKILL: it takes writes by itself, and the next run puts it back', async () => {
    const setup = await setUpRing(ring);
    expect((await setup.runUntil(step, 'SIGKILL', 'backup')).status).toBe(137);
    const isBack = async () => {
      const { writable, applies } = await stateOf(ring.replica);
      return writable && applies ? true : null;
    };
    expect(await waitFor(isBack, { within: 12 })).toBe(true);
    await setup.ok('backup');
    const told = await drainedIn(setup);
    expect(told.at(-1)).toBe('drain.after');
    // The run that was killed: put back by the next one, unless it had done that itself.
    const first = told.slice(0, -2);
    const wanted = before.includes(step) ? [] : ['drain.before', 'drain.after'];
    expect(first).toEqual(step === 'drain' ? ['drain.after'] : wanted);
    const listed = (await setup.ok('list', '--json')).json;
    expect(listed).toHaveLength(committed.includes(step) ? 2 : 1);
    expect(await openJournal(setup.config.stateDir, 'shop').read()).toBeNull();
  });

  test('SIGTERM: it takes writes and is back in its proxy before the exit', async () => {
    const setup = await setUpRing(ring);
    const ended = await setup.runUntil(step, 'SIGTERM', 'backup');
    const state = await stateOf(ring.replica);
    expect(ended.status, ended.stderr).toBe(143);
    expect(state).toEqual(open);
    const told = await drainedIn(setup);
    // The signal may be heard once it is taken out.
    expect(told.at(-1) ?? (before.includes(step) && 'drain.after')).toBe('drain.after');
    expect(await openJournal(setup.config.stateDir, 'shop').read()).toBeNull();
  });
});

test('killed while a lock keeps the node open: it does not stay closed by what was left', async () => {
  const setup = await setUpRing(ring);
  const locking = await lockedByApp(ring.replica);
  const script = join(root, 'bin/stillpoint.js');
  const running = execa(process.execPath, [script, '-c', setup.file, 'backup'], { reject: false });
  const sessions = async () =>
    await ring.replica.query<{ Info: string | null }>(
      "SELECT INFO AS Info FROM information_schema.PROCESSLIST WHERE USER = 'stillpoint'",
    );
  const closes = async () =>
    (await sessions()).some(({ Info }) => Info?.startsWith('SET GLOBAL') === true) ? true : null;
  expect(await waitFor(closes, { within: 30 })).toBe(true);
  running.kill('SIGKILL');
  await running;
  await locking.query('UNLOCK TABLES');
  await locking.end();
  const isGone = async () => ((await sessions()).length === 0 ? true : null);
  expect(await waitFor(isGone, { within: 20 })).toBe(true);
  expect(await stateOf(ring.replica)).toEqual(open);
  await setup.ok('resume');
});

test('`resume` after a kill puts the node back', async () => {
  const setup = await setUpRing(ring);
  await setup.runUntil('fence', 'SIGKILL', 'backup');
  const ended = await setup.ok('resume', '--json');
  expect(ended.json).toMatchObject({ status: 'resumed' });
  expect(await outIn(setup)).toBeNull();
  expect(await stateOf(ring.replica)).toEqual(open);
  expect(await drainedIn(setup)).toEqual(['drain.before', 'drain.after']);
  expect((await setup.ok('resume', '--json')).json).toMatchObject({ status: 'nothing' });
});

test('a node that stayed closed after a kill is opened by the next run', async () => {
  const setup = await setUpRing(ring);
  await setup.runUntil('fence', 'SIGKILL', 'backup');
  const fired = async () => {
    const { writable, applies } = await stateOf(ring.replica);
    return writable && applies ? true : null;
  };
  expect(await waitFor(fired, { within: 12 })).toBe(true);
  const drained = await setup.ok('status');
  expect(drained.stdout).toMatch(/drained by us: drain\.after has not run/);
  expect(drained.stdout).toMatch(/left the replica drained .*`stillpoint resume shop`/);
  // As if the lease had not fired.
  await ring.replica.query('SET GLOBAL read_only = ON');
  const closed = await setup.ok('status');
  expect(closed.stdout).toMatch(/closed for writes by us/);
  expect(closed.stdout).toMatch(/left the replica closed for writes: .*`stillpoint resume shop`/);
  expect(await outIn(setup)).toBe('closed');
  await setup.ok('backup');
  expect(await stateOf(ring.replica)).toEqual(open);
  expect(await outIn(setup)).toBeNull();
});
