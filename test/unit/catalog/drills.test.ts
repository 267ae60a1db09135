import { expect, test } from 'vitest';
import { listDrills } from '../../../src/catalog/drills.js';
import { drillKey } from '../../../src/store/keys.js';
import { openFileStore } from '../../../src/store/file.js';
import { exampleDrill } from '../../support/drill.js';
import { ownFolder } from '../util/folder.js';

test('drills come oldest first, without what cannot be read', async () => {
  const store = openFileStore({ path: await ownFolder() });
  const put = async (id: string, text: string) =>
    await store.put(drillKey('shop', id), Buffer.from(text));
  const id = (n: number) => `2026010${n}T000000Z-drill-00000${n}`;
  for (const n of [3, 1]) await put(id(n), JSON.stringify(exampleDrill({ id: id(n) })));
  await put(id(2), '{"half": ');
  await put(id(4), '{}');
  await store.put(drillKey('other', id(5)), Buffer.from(JSON.stringify(exampleDrill())));
  expect((await listDrills(store, 'shop')).map((drill) => drill.id)).toEqual([id(1), id(3)]);
  expect(await listDrills(store, 'none')).toEqual([]);
});
