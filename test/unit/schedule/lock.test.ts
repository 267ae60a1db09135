import { chmod, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withRunLock } from '../../../src/schedule/lock.js';
import { systemClock } from '../../../src/util/clock.js';
import { processStart } from '../../../src/util/processStart.js';
import { ownFolder } from '../util/folder.js';

const lockIn = (stateDir: string, schedule = 'nightly') => ({
  ...{ stateDir, schedule, clock: systemClock },
});
const fast = () => Promise.resolve('done');

test('one run at a time, of one schedule', async () => {
  const stateDir = await ownFolder();
  await withRunLock(lockIn(stateDir), async () => {
    await expect(withRunLock(lockIn(stateDir), fast)).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringMatching(
        /^another run of schedule nightly is going on since 20\d\d-\d\d-\d\d \d\d:/,
      ) as string,
      hint: expect.stringContaining(`process ${process.pid} of ${hostname()}`) as string,
    });
    expect(await withRunLock(lockIn(stateDir, 'nightly-2'), fast)).toBe('done');
  });
  expect(await withRunLock(lockIn(stateDir), fast)).toBe('done');
  expect(await readdir(join(stateDir, 'schedules'))).toEqual([]);
});

test('a run that throws gives it free', async () => {
  const stateDir = await ownFolder();
  const fails = () => Promise.reject(new Error('no'));
  await expect(withRunLock(lockIn(stateDir), fails)).rejects.toThrow('no');
  expect(await withRunLock(lockIn(stateDir), fast)).toBe('done');
});

test('of many that ask at once, exactly one runs at any time', async () => {
  const stateDir = await ownFolder();
  let [inside, most, ran] = [0, 0, 0];
  const attempts = Array.from({ length: 8 }, async () => {
    await withRunLock(lockIn(stateDir), async () => {
      most = Math.max(most, (inside += 1));
      ran += 1;
      await new Promise(setImmediate);
      inside -= 1;
    }).catch((error: unknown) => expect(error).toMatchObject({ code: 'locked' }));
  });
  await Promise.all(attempts);
  expect(most).toBe(1);
  expect(ran).toBeGreaterThan(0);
});

describe('a claim that was left', () => {
  /** Puts one beside and answers whether it keeps others out. */
  async function keepsOut(over: Record<string, unknown>, age = 0): Promise<boolean> {
    const stateDir = await ownFolder();
    const folder = join(stateDir, 'schedules');
    await mkdir(folder);
    const path = join(folder, 'nightly.left.lock');
    const own = {
      ...{ since: '2026-11-24T02:30:00Z', host: hostname(), pid: process.pid },
      ...{ started: await processStart(process.pid), boot: await bootId() },
    };
    await writeFile(path, JSON.stringify({ ...own, ...over }));
    await chmod(path, 0o400);
    const then = new Date(Date.now() - age);
    await utimes(path, then, then);
    const result = await withRunLock(lockIn(stateDir), fast).catch(() => 'locked');
    expect(await readdir(folder)).toEqual(result === 'locked' ? ['nightly.left.lock'] : []);
    return result === 'locked';
  }

  test.each([
    ['of a process that lives counts', {}, 0, true],
    ['of a process whose number came again does not', { started: '1' }, 0, false],
    ['of a number that nobody has does not', { pid: 4_194_305 }, 0, false],
    ['of an earlier boot does not', { boot: 'another' }, 0, false],
    ['of another host counts while it is touched', { host: 'other' }, 60_000, true],
    ['of another host that fell silent does not', { host: 'other' }, 600_000, false],
    ['that cannot be read does not', { pid: 'x' }, 0, false],
  ])('%s', async (_, over, age, expected) => {
    expect(await keepsOut(over, age)).toBe(expected);
  });
});

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}
