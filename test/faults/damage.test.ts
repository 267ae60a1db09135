import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { freshTarget, target } from '../rig/shared.js';
import { onlySmall, setUp, smallShop } from '../support/cli.js';
import { keysIn } from '../support/store.js';

beforeAll(smallShop);

/** Flips one bit of a file. */
async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at] = (bytes[at] ?? 0) ^ 0x01;
  await writeFile(path, bytes);
}

describe('a byte of a stored backup is flipped', () => {
  test('anywhere: verify says 13, and names the object', async () => {
    const setup = await setUp({ pair: onlySmall });
    const { id } = (await setup.run('backup', '--json')).json as { id: string };
    await setup.ok('verify', id);
    for (const key of await keysIn(setup.storePath)) {
      const path = join(setup.storePath, key);
      const whole = await readFile(path);
      for (const at of [0, Math.floor(whole.length / 2), whole.length - 1]) {
        await flip(path, at);
        const found = await setup.run('verify', id);
        expect(found.status, `${key} at ${at}`).toBe(13);
        expect(found.stderr).toContain(key.split('/').at(-1));
        await writeFile(path, whole);
      }
    }
    await setup.ok('verify', id);
  });

  test('in a part: restore stops with 13', async () => {
    const setup = await setUp({ pair: onlySmall });
    await setup.ok('backup');
    const part = (await keysIn(setup.storePath)).find((key) => key.includes('/data/'))!;
    const path = join(setup.storePath, part);
    const { length } = await readFile(path);
    await flip(path, length - 1);
    await freshTarget();
    const ended = await setup.run('restore', 'latest', '--to', 'third');
    expect(ended.stderr).toMatch(/is damaged: its SHA-256 differs/);
    expect(ended.status).toBe(13);
    expect(await target.query('SELECT * FROM small.item')).toEqual([]);
  });

  test('a part is missing: verify and restore say so', async () => {
    const setup = await setUp({ pair: onlySmall });
    await setup.ok('backup');
    const part = (await keysIn(setup.storePath)).find((key) => key.includes('/objects/'))!;
    await rm(join(setup.storePath, part));
    expect((await setup.run('verify', 'latest')).status).toBe(13);
    await freshTarget();
    const ended = await setup.run('restore', 'latest', '--to', 'third');
    expect(ended.status).not.toBe(0);
    expect(ended.stderr).toContain('objects/');
  });
});
