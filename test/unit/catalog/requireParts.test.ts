import { expect, test } from 'vitest';
import { requireParts } from '../../../src/catalog/requireParts.js';
import type { StoredObject } from '../../../src/store/store.js';
import { openFileStore } from '../../../src/store/file.js';
import { ownFolder } from '../util/folder.js';

const at = { pair: 'shop', id: '20261128T100000Z-backup-000001' };
const { signal } = new AbortController();
const keyOf = (name: string) => `shop/backups/${at.id}/data/${name}`;

/** A store with two objects, and a backup that has them as its parts. */
async function stored() {
  const store = openFileStore({ path: await ownFolder() });
  const asked: string[] = [];
  const parts = [];
  for (const [name, bytes] of Object.entries({ a: 10, b: 20 })) {
    await store.put(keyOf(name), Buffer.alloc(bytes));
    parts.push({ key: keyOf(name), bytes });
  }
  const head = async (key: string) => {
    asked.push(key);
    return await store.head(key);
  };
  return { store: { ...store, head }, parts, asked };
}

const none = async function* (): AsyncGenerator<StoredObject> {
  for (const one of []) yield await Promise.resolve(one);
};

test('parts that are there are listed, not asked for', async () => {
  const { store, parts, asked } = await stored();
  await requireParts(store, { ...at, parts }, signal);
  expect(asked).toEqual([]);
});

test('a store that lists late is asked', async () => {
  const { store, parts, asked } = await stored();
  await requireParts({ ...store, list: none }, { ...at, parts }, signal);
  expect(asked.sort()).toEqual([keyOf('a'), keyOf('b')]);
});

test('a store that does not list, or not all, is asked for the rest', async () => {
  const { store, parts, asked } = await stored();
  const list = async function* (prefix: string) {
    for await (const one of store.list(prefix)) {
      yield one;
      throw new Error('no more');
    }
  };
  await requireParts({ ...store, list }, { ...at, parts }, signal);
  expect(asked).toEqual([keyOf('b')]);
});

test('one that is gone, or has another size, is told', async () => {
  const { store, parts } = await stored();
  await store.put(keyOf('b'), Buffer.alloc(19));
  await expect(requireParts(store, { ...at, parts }, signal)).rejects.toMatchObject({
    code: 'failed',
    message: `${store.url}/${keyOf('b')} was stored, but the store has 19 bytes where 20 bytes were sent`,
  });
  await store.delete([keyOf('b')]);
  await expect(requireParts(store, { ...at, parts }, signal)).rejects.toThrow(
    'has no object where 20',
  );
});

test('the first that is not there is the last that is asked for', async () => {
  const { store, asked } = await stored();
  const parts = Array.from({ length: 100 }, (_, i) => ({ key: keyOf(`gone${i}`), bytes: 1 }));
  await expect(requireParts(store, { ...at, parts }, signal)).rejects.toThrow('has no object');
  expect(asked.length).toBeLessThan(32);
});

test('nothing is asked after the end', async () => {
  const { store, parts, asked } = await stored();
  const ended = AbortSignal.abort(new Error('enough'));
  const late = { ...store, list: none };
  await expect(requireParts(late, { ...at, parts }, ended)).rejects.toThrow('enough');
  expect(asked).toEqual([]);
});
