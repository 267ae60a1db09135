import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openCache } from '../../../src/catalog/cache.js';
import { readCatalog } from '../../../src/catalog/listing.js';
import { markForRemoval } from '../../../src/catalog/pruning.js';
import type { BackupRecord } from '../../../src/catalog/records.js';
import { openFileStore } from '../../../src/store/file.js';
import { backupPrefix, commitKey } from '../../../src/store/keys.js';
import type { Store } from '../../../src/store/store.js';
import { systemClock } from '../../../src/util/clock.js';
import { nights, shelve } from '../../support/shelf.js';
import { ownFolder } from '../util/folder.js';

const count = 300;

/** A store that counts reads, and a cache file that has seen all of it. */
async function shelf() {
  const folder = await ownFolder();
  const path = join(folder, 'store');
  const plain = openFileStore({ path });
  let reads = 0;
  const store: Store = {
    ...plain,
    get: async (key, options) => {
      reads++;
      return await plain.get(key, options);
    },
  };
  const records = nights(count);
  await shelve(store, records, path);
  const file = join(folder, 'cache', 'shop');
  const list = async (of = 'here') => {
    reads = 0;
    const cache = await openCache<BackupRecord>(file, of);
    const { backups } = await readCatalog(store, 'shop', cache);
    return { backups, reads };
  };
  expect((await list()).reads).toBe(count);
  return { store, records, file, list };
}

describe('a listing with a cache', () => {
  test('reads the newest and a handful of others, and answers the same', async () => {
    const { records, list } = await shelf();
    const { backups, reads } = await list();
    expect(backups).toEqual(records);
    expect(reads).toBeGreaterThanOrEqual(32);
    expect(reads).toBeLessThanOrEqual(64);
  });

  test('shows no backup that is gone, or of which a prune has removed the commit', async () => {
    const { store, records, list } = await shelf();
    const [gone, pruned, ...others] = records;
    for await (const { key } of store.list(backupPrefix(gone!))) await store.delete([key]);
    await markForRemoval(store, pruned!, systemClock);
    await store.delete([commitKey(pruned!)]);
    expect((await list()).backups).toEqual(others);
  });

  test('sees in the end what somebody removed by hand and left in part', async () => {
    const { store, records, list } = await shelf();
    await store.delete([commitKey(records[0]!)]);
    let seen = count;
    // One of ten listings reads it.
    for (let tries = 0; tries < 1000 && seen === count; tries++)
      seen = (await list()).backups.length;
    expect(seen).toBe(count - 1);
    // And does not forget it again.
    for (let times = 0; times < 5; times++)
      expect((await list()).backups).toEqual(records.slice(1));
  });

  test('shows a new one, and keeps it', async () => {
    const { store, records, list } = await shelf();
    const more = nights(40, new Date(Date.now() + 60 * 86_400_000));
    await shelve(store, more);
    expect((await list()).backups).toEqual([...records, ...more]);
    expect((await list()).reads).toBeLessThanOrEqual(64);
  });

  test("is only slower with a damaged or a stranger's file", async () => {
    const { records, file, list } = await shelf();
    const whole = await readFile(file, 'utf8');
    const lines = whole.split('\n');
    const changed = lines.map((line, i) =>
      i === 9 ? line.replace('"nightly"', '"forged!"') : line,
    );
    for (const text of [
      '',
      'x',
      whole.slice(0, -100),
      changed.join('\n'),
      `${whole}${lines[5]!.slice(0, 50)}`,
    ]) {
      await writeFile(file, text);
      expect((await list()).backups).toEqual(records);
    }
    await writeFile(file, whole);
    expect((await list('elsewhere')).reads).toBe(count);
  });

  test('works where nothing can be written', async () => {
    const { records, list, file } = await shelf();
    await writeFile(`${file}.block`, '');
    const cache = await openCache<string>(join(`${file}.block`, 'x'), 'here');
    cache.set('a', 'b');
    await cache.keep(new Set(['a']));
    expect((await cache.known(['a'])).get('a')).toBe('b');
    expect((await list()).backups).toEqual(records);
  });
});
