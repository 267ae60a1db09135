import { describe, expect, test } from 'vitest';
import { listDrills, putDrill } from '../../../src/catalog/drills.js';
import { openFileStore } from '../../../src/store/file.js';
import { drillKey, drillsPrefix } from '../../../src/store/keys.js';
import { sampleHistory } from '../../support/history.js';
import { ownFolder } from '../util/folder.js';

const { drills } = sampleHistory({ days: 60 });

describe('drill records', () => {
  test('are read as they were stored, oldest first', async () => {
    const store = openFileStore({ path: await ownFolder() });
    expect(await listDrills(store, 'shop')).toEqual([]);
    for (const drill of [...drills].reverse()) await putDrill(store, drill);
    expect(await listDrills(store, 'shop')).toEqual(drills);
    expect(await listDrills(store, 'other')).toEqual([]);
  });

  test('are not written over', async () => {
    const store = openFileStore({ path: await ownFolder() });
    await putDrill(store, drills[0]!);
    await expect(putDrill(store, drills[0]!)).rejects.toThrow('exists already');
  });

  test('that cannot be read are told, and hide no other', async () => {
    const store = openFileStore({ path: await ownFolder() });
    const [good, other] = drills;
    await putDrill(store, good!);
    await store.put(drillKey('shop', other!.id), Buffer.from('{"format": 1}'));
    await store.put(`${drillsPrefix('shop')}zz.json`, Buffer.from('<html>'));
    const lines: string[] = [];
    expect(await listDrills(store, 'shop', (line) => lines.push(line))).toEqual([good]);
    // They are read side by side.
    expect(lines.sort()).toEqual([
      expect.stringContaining(other!.id),
      expect.stringContaining('zz.json'),
    ]);
  });
});
