import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { markForRemoval } from '../../../src/catalog/pruning.js';
import type { BackupRecord } from '../../../src/catalog/records.js';
import { readIndex } from '../../../src/catalog/storedIndex.js';
import { updateIndex } from '../../../src/catalog/updateIndex.js';
import { unzstd, zstd } from '../../../src/catalog/zstd.js';
import { backupPrefix, commitKey, indexKey } from '../../../src/store/keys.js';
import { systemClock } from '../../../src/util/clock.js';
import { countedShelf, listing, machine, never, update } from '../../support/indexed.js';
import { nights, shelve } from '../../support/shelf.js';
import { ownFolder } from '../util/folder.js';

const count = 120;
const drills = 40;
const key = indexKey('shop');

/** A store with an index, and machines that have read nothing. */
async function shelf() {
  const folder = await ownFolder();
  const path = join(folder, 'store');
  const shelved = await countedShelf(path, count);
  const fresh = async () => await machine(join(folder, randomBytes(4).toString('hex')));
  expect(await update(shelved.store, await fresh())).toBe(true);
  const lines = async () =>
    (await unzstd(await buffer(await shelved.plain.get(key)))).toString('utf8').split('\n');
  const put = async (body: Buffer) => await writeFile(join(path, key), body);
  return { ...shelved, path, fresh, lines, put };
}

describe('a listing on a machine that has read nothing', () => {
  test('reads the index, the newest and a handful of others, answers the same and writes nothing', async () => {
    const { store, fresh, counted } = await shelf();
    const { value, reads, writes } = await counted(async () => await listing(store, await fresh()));
    expect(JSON.stringify(value)).toBe(JSON.stringify(await listing(store)));
    expect(value.drills).toHaveLength(drills);
    expect(reads).toBeGreaterThanOrEqual(1 + 32);
    expect(reads).toBeLessThanOrEqual(1 + 64);
    expect(writes).toBe(0);
  });

  test('asks for no index where little is unknown', async () => {
    const { store, fresh, counted } = await shelf();
    const cache = await fresh();
    await update(store, cache);
    await listing(store, cache);
    const own = await counted(async () => await update(store, cache));
    expect(own.value).toBe(false);
    // A machine that has read all of it itself.
    const all = await fresh();
    await store.delete([key]);
    await listing(store, all);
    const { reads } = await counted(async () => await listing(store, all));
    expect(reads).toBeLessThanOrEqual(64);
  });

  test('is only slower with an index that is damaged, or not of this pair and version', async () => {
    const { store, fresh, counted, lines, put, plain, path } = await shelf();
    const truth = JSON.stringify(await listing(store));
    const whole = await buffer(await plain.get(key));
    const flipped = Buffer.from(whole);
    flipped[whole.length >> 1]! ^= 1;
    const text = await lines();
    const headed = (head: object) =>
      zstd(
        Buffer.from(
          [JSON.stringify({ ...(JSON.parse(text[0]!) as object), ...head }), ...text.slice(1)].join(
            '\n',
          ),
        ),
      );
    const bodies = [
      flipped,
      whole.subarray(0, whole.length - 10),
      Buffer.from('not ours'),
      Buffer.alloc(0),
      await zstd(Buffer.alloc(65 << 20)),
      await headed({ pair: 'crm' }),
      await headed({ format: 2 }),
      await headed({ shape: '0' }),
    ];
    for (const body of bodies) {
      await put(body);
      const { value, reads } = await counted(async () => await listing(store, await fresh()));
      expect(JSON.stringify(value)).toBe(truth);
      expect(reads).toBe(1 + count + drills);
    }
    await put(await headed({}));
    expect((await counted(async () => await listing(store, await fresh()))).reads).toBeLessThan(66);
    await rm(join(path, key));
    expect(JSON.stringify(await listing(store, await fresh()))).toBe(truth);
  });

  test('passes over lines that are none of ours', async () => {
    const { store, records, fresh, lines, put } = await shelf();
    const truth = JSON.stringify(await listing(store));
    const [head = '', ...entries] = await lines();
    const [one, two] = records;
    const forged = [
      '{"backup": {"id": ',
      'null',
      '7',
      JSON.stringify({ backup: { ...one, seconds: 'long' } }),
      JSON.stringify({ backup: { ...two, status: 'gone' } }),
      JSON.stringify({ backup: { ...one, id: '../../etc/passwd' } }),
      JSON.stringify({ backup: { ...one, id: '__proto__' } }),
      JSON.stringify({ drill: { id: 'x' }, version: 'y' }),
    ];
    await put(await zstd(Buffer.from([head, ...forged, ...entries.slice(2)].join('\n'))));
    expect(JSON.stringify(await listing(store, await fresh()))).toBe(truth);
  });

  test('shows no backup that is gone or that a prune has begun to remove', async () => {
    const { plain, records, fresh } = await shelf();
    const [gone, pruned, ...others] = records;
    for await (const { key } of plain.list(backupPrefix(gone!))) await plain.delete([key]);
    await markForRemoval(plain, pruned!, systemClock);
    await plain.delete([commitKey(pruned!)]);
    const { catalog } = await listing(plain, await fresh());
    expect(catalog.backups).toEqual(others);
    expect(catalog.uncommitted).toEqual([pruned!.id]);
  });

  test('shows those that the index does not know yet, also where two runs overwrote each other', async () => {
    const { plain, records, fresh, lines, put } = await shelf();
    const more = nights(40, new Date(Date.now() + 60 * 86_400_000));
    await shelve(plain, more);
    const all = [...records, ...more];
    expect((await listing(plain, await fresh())).catalog.backups).toEqual(all);
    const text = await lines();
    await put(await zstd(Buffer.from(text.filter((_, at) => at % 3 === 0).join('\n'))));
    expect((await listing(plain, await fresh())).catalog.backups).toEqual(all);
  });
});

describe('what a machine has read', () => {
  test('goes before the index', async () => {
    const { plain, records, fresh, lines, put } = await shelf();
    const cache = await fresh();
    const unindexed = {
      ...plain,
      get: async (at: string) => await plain.get(at === key ? 'x' : at),
    };
    await listing(unindexed, cache);
    // Others are unknown, so that it asks for the index.
    const more = nights(80, new Date(Date.now() + 90 * 86_400_000));
    await shelve(plain, more);
    const forged = (await lines()).map((line) => line.replace('"nightly"', '"forged!"'));
    await put(await zstd(Buffer.from(forged.join('\n'))));
    expect((await listing(plain, cache)).catalog.backups).toEqual([...records, ...more]);
  });

  test('does so too where it found that a folder holds no commit', async () => {
    const { plain, records, fresh } = await shelf();
    const cache = await fresh();
    await plain.delete([commitKey(records[0]!)]);
    cache.backups.set(records[0]!.id, null);
    for (let times = 0; times < 5; times++)
      expect((await listing(plain, cache)).catalog.backups).toEqual(records.slice(1));
  });
});

describe('an index is brought up to date', () => {
  test('when listings would notice: not for a few, which they read in any case', async () => {
    const { store, plain, fresh, counted } = await shelf();
    const later = (days: number) => new Date(Date.now() + days * 86_400_000);
    await shelve(plain, nights(31, later(40)));
    expect(await counted(async () => await update(store, await fresh()))).toEqual({
      value: false,
      reads: 1,
      writes: 0,
    });
    await shelve(plain, nights(1, later(41)));
    expect(await counted(async () => await update(store, await fresh()))).toEqual({
      value: true,
      reads: 1 + 32,
      writes: 1,
    });
    expect((await readIndex(plain, 'shop')).backups.size).toBe(count + 32);
  });

  test('not for folders that hold no commit', async () => {
    const { plain, fresh } = await shelf();
    for (const record of nights(40, new Date(Date.now() + 60 * 86_400_000)))
      await plain.put(`${backupPrefix(record)}data/x`, Buffer.from('of a run that died'));
    expect(await update(plain, await fresh())).toBe(false);
  });

  test('when much of it is gone', async () => {
    const { plain, records, fresh, path } = await shelf();
    const remove = async (record: BackupRecord) =>
      await rm(join(path, backupPrefix(record)), { recursive: true });
    for (const record of records.slice(0, 31)) await remove(record);
    expect(await update(plain, await fresh())).toBe(false);
    for (const record of records.slice(31, 33)) await remove(record);
    expect(await update(plain, await fresh())).toBe(true);
    expect([...(await readIndex(plain, 'shop')).backups.values()]).toEqual(records.slice(33));
  });

  test('when one entry is not what was read', async () => {
    const { plain, records, fresh, lines, put } = await shelf();
    const [head = '', first = '', ...rest] = await lines();
    const forged = first.replace('"nightly"', '"forged!"');
    expect(forged).not.toBe(first);
    await put(await zstd(Buffer.from([head, forged, ...rest].join('\n'))));
    // Who has not read it cannot know.
    expect(await update(plain, await fresh())).toBe(false);
    const cache = await fresh();
    cache.backups.set(records[0]!.id, records[0]!);
    expect(await update(plain, cache)).toBe(true);
    expect(await lines()).toEqual([head, first, ...rest]);
  });

  test('in steps where there is not much time, and goes on where it was', async () => {
    const { plain, path, fresh } = await shelf();
    await rm(join(path, key));
    const hurried = async () => {
      const reading = new AbortController();
      let reads = 0;
      const store: typeof plain = {
        ...plain,
        get: async (at, options) => {
          if (++reads > 60) reading.abort();
          return await plain.get(at, options);
        },
      };
      await updateIndex(store, 'shop', await fresh(), { reading: reading.signal, signal: never });
      return (await readIndex(plain, 'shop')).backups.size;
    };
    const first = await hurried();
    expect(first).toBeGreaterThanOrEqual(50);
    expect(first).toBeLessThan(count);
    expect(await hurried()).toBeGreaterThanOrEqual(110);
  });

  test('not at all once it is too late', async () => {
    const { plain, path, fresh } = await shelf();
    await rm(join(path, key));
    const late = AbortSignal.abort(new Error('too late'));
    const patience = { reading: never, signal: late };
    await expect(updateIndex(plain, 'shop', await fresh(), patience)).rejects.toThrow('too late');
    expect(await plain.head(key)).toBeNull();
  });
});
