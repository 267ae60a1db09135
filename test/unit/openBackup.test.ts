import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openBackup } from '../../src/openBackup.js';
import { openFileStore } from '../../src/store/file.js';
import { backupPrefix } from '../../src/store/keys.js';
import { labelled, shelve, storeOnlyConfig } from '../support/shelf.js';
import { ownFolder } from './util/folder.js';

/** Two pairs with a few backups each; the newest of `shop` is not committed. */
async function shelf() {
  const folder = await ownFolder();
  const path = join(folder, 'store');
  const { config } = await storeOnlyConfig(folder, { type: 'file', path }, null);
  const shop = [
    labelled('nightly', '2026-11-20T02:30:00Z'),
    labelled('Before 42', '2026-11-21T12:00:00Z'),
    labelled('nightly', '2026-11-22T02:30:00Z'),
    labelled('weekly', '2026-11-23T04:00:00Z'),
  ];
  const crm = [labelled('billing', '2026-11-22T05:00:00Z', 'crm')];
  await shelve(openFileStore({ path }), [...shop, ...crm], path);
  const running = labelled('hourly', '2026-11-23T05:00:00Z');
  await mkdir(join(path, backupPrefix(running), 'data'), { recursive: true });
  const pairs = { ...config.pairs, crm: config.pairs['shop']! };
  const ask = async (which: string, pair?: string) => {
    const opened = await openBackup({ ...config, pairs }, which, pair);
    await opened.store.close();
    return opened.record.id;
  };
  const ids = [...shop, ...crm].map(({ id }) => id) as [string, string, string, string, string];
  return { ask, ids };
}

const list = '`stillpoint list` shows what there is.';

test('finds by id, label and latest, in any pair', async () => {
  const { ask, ids } = await shelf();
  expect(await ask(ids[0])).toBe(ids[0]);
  expect(await ask('nightly')).toBe(ids[2]);
  expect(await ask('Before 42')).toBe(ids[1]);
  expect(await ask('billing')).toBe(ids[4]);
  expect(await ask('latest', 'shop')).toBe(ids[3]);
  await expect(ask('latest')).rejects.toThrow('"latest" could be of shop or crm');
});

test.each([
  ['nighty', 'nightly'],
  ['Nightly', 'nightly'],
  ['before-42', 'Before 42'],
  ['biling', 'billing'],
])('%s: did you mean %s', async (which, near) => {
  const { ask } = await shelf();
  await expect(ask(which)).rejects.toMatchObject({
    code: 'no-such-backup',
    message: `no backup "${which}" of any pair (did you mean "${near}"?)`,
    hint: list,
  });
});

test('a slip in an id, and one that was cut off', async () => {
  const { ask, ids } = await shelf();
  const slip = ids[2].replace('nightly', 'nighlty');
  for (const which of [slip, ids[2].slice(0, -4)])
    await expect(ask(which, 'shop')).rejects.toThrow(
      new RegExp(`no backup "${which}" of pair shop in file:.*\\(did you mean "${ids[2]}"\\?\\)$`),
    );
});

test('the id of a backup that is gone is not taken for that of another', async () => {
  const { ask, ids } = await shelf();
  const gone = labelled('nightly', '2026-11-19T02:30:00Z', 'shop', 'abcdef').id;
  await expect(ask(gone)).rejects.toMatchObject({
    message: `no backup "${gone}" of any pair`,
    hint: `The newest: ${[ids[3], ids[4], ids[2]].join(', ')}; \`stillpoint list\` shows all.`,
  });
});

test('else those that have it in their ids are named, or the newest that are committed', async () => {
  const { ask, ids } = await shelf();
  await expect(ask('night', 'shop')).rejects.toThrow('did you mean "nightly"?');
  await expect(ask('2026112', 'shop')).rejects.toMatchObject({
    hint: `The newest with that in their ids: ${[ids[3], ids[2], ids[1]].join(', ')}; \`stillpoint list\` shows all.`,
  });
  await expect(ask('hourly', 'shop')).rejects.toMatchObject({
    message: expect.not.stringContaining('did you mean') as string,
    hint: expect.stringContaining(`The newest: ${ids[3]}`) as string,
  });
});

test('where there is none yet', async () => {
  const folder = await ownFolder();
  const path = join(folder, 'store');
  const { config } = await storeOnlyConfig(folder, { type: 'file', path }, null);
  await expect(openBackup(config, 'latest')).rejects.toMatchObject({
    message: `no backup "latest" of pair shop in file://${path}`,
    hint: 'There is none yet: `stillpoint backup` takes the first.',
  });
});
