import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientLock } from '../../src/restore/loadPart.js';
import { readLedger } from '../../src/restore/ledger.js';
import { diffDigests, digest, type Digest } from '../rig/hostile/index.js';
import { emptyServer } from '../rig/index.js';
import { pair, target } from '../rig/shared.js';
import type { Ran, Setup } from '../support/cli.js';
import { dropGrown, growDatabases, grownBackup } from '../support/grown.js';

let wanted: Digest;
beforeAll(async () => {
  await growDatabases();
  wanted = await digest(pair.replica, ['grown', 'grown_too']);
});
afterAll(dropGrown);

const restore = ['restore', 'latest', '--to', 'third'];

/** A backup, and a restore of it that came as far as `at`. */
async function interrupted(
  at: string,
  signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL',
): Promise<{ setup: Setup; ended: Ran }> {
  const setup = await grownBackup();
  return { setup, ended: await setup.runUntil(at, signal, ...restore, '--check') };
}

/** The state that interrupted restores have left. */
async function ledgers(setup: Setup): Promise<string[]> {
  const files = await readdir(setup.config.stateDir);
  return files.filter((name) => name.endsWith('.restore.json'));
}

// The end of a part comes before it is written down that it is there: as if it were there in half.
describe.each([
  ['load begin /schema/grown.', 'SIGKILL'],
  ['load end /schema/grown_too', 'SIGKILL'],
  ['load end /data/', 'SIGKILL'],
  ['load end /data/grown_too', 'SIGTERM'],
  ['load end /objects/grown.', 'SIGKILL'],
  ['load end /views/grown.', 'SIGKILL'],
  ['check', 'SIGTERM'],
] as const)('a restore that is ended at %s by %s', (at, signal) => {
  test('goes on, and all is there once', async () => {
    const { setup, ended } = await interrupted(at, signal);
    expect(ended.status).toBe(signal === 'SIGKILL' ? 137 : 143);
    if (signal === 'SIGTERM') expect(ended.stderr).toContain('Run the same command again');
    expect(await ledgers(setup)).toHaveLength(1);
    const { stdout, stderr } = await setup.ok(...restore, '--check');
    expect(stderr).toMatch(/^goes on with the restore of 2.*: \d+ of \d+ parts are there$/m);
    expect(stdout).toMatch(/there +\d+ of \d+ parts, from 2/);
    expect(diffDigests(wanted, await digest(target))).toEqual([]);
    expect(await ledgers(setup)).toEqual([]);
  });
});

/** The ledger of the one backup of a store, as it was left. */
async function left(setup: Setup) {
  const [name = ''] = await ledgers(setup);
  return (await readLedger(join(setup.config.stateDir, name)))!;
}

test('a client that a dead run left is ended first', async () => {
  const { setup } = await interrupted('load end /data/grown/');
  const entry = await left(setup);
  expect(entry.begun).not.toEqual([]);
  const orphans = await Promise.all(
    entry.begun.map(async (key) => {
      const orphan = await target.connect();
      orphan.on('error', () => undefined);
      await orphan.query(`SELECT GET_LOCK('${clientLock({ key }, { entry })}', 10)`);
      return orphan;
    }),
  );
  await setup.ok(...restore);
  for (const orphan of orphans) await expect(orphan.query('SELECT 1')).rejects.toThrow();
  expect(diffDigests(wanted, await digest(target))).toEqual([]);
});

describe('what another command makes of it', () => {
  test('another request is refused, with both ways out; then the first goes on', async () => {
    const { setup } = await interrupted('load end /objects/');
    const other = await setup.run(...restore, '--definer', 'drop');
    expect(other.status).toBe(10);
    expect(other.stderr).toMatch(
      /The restore of 2\S+ was interrupted: the same options as then go on with it, --replace grown --replace grown_too begins anew/,
    );
    const { stdout } = await setup.ok(...restore, '--dry-run');
    expect(stdout).toMatch(/there +[1-9]\d* of \d+ parts/);
    await setup.ok(...restore);
    expect(diffDigests(wanted, await digest(target))).toEqual([]);
    // It is over: what is there is in the way again.
    const over = await setup.run(...restore);
    expect(over.status).toBe(10);
    expect(over.stderr).toContain('Restore into an empty server');
  });

  test('--replace begins anew', async () => {
    const { setup } = await interrupted('load end /views/');
    await target.query('INSERT INTO grown.no_key VALUES (9, NULL)');
    const replace = ['--replace', 'grown', 'grown_too', '--yes'];
    const { stderr } = await setup.ok(...restore, ...replace);
    expect(stderr).not.toContain('goes on');
    expect(diffDigests(wanted, await digest(target))).toEqual([]);
    expect(await ledgers(setup)).toEqual([]);
  });

  test('so does a restore into a server that was emptied by hand', async () => {
    const { setup } = await interrupted('load end /views/');
    await emptyServer(target);
    const { stderr } = await setup.ok(...restore);
    expect(stderr).not.toContain('goes on');
    expect(diffDigests(wanted, await digest(target))).toEqual([]);
  });

  test('a second one at the same time ends with 11', async () => {
    const { setup } = await interrupted('load end /data/');
    const { backup } = await left(setup);
    const holder = await target.connect();
    await holder.query(`SELECT GET_LOCK('stillpoint restore ${backup.slice(-40)}', 10)`);
    const second = await setup.run(...restore);
    await holder.end();
    expect(second.status).toBe(11);
    expect(second.stderr).toMatch(/another restore of \S+ into the target third is going on/);
  });
});
