import fc from 'fast-check';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  carrying,
  journalAt,
  journalsBeside,
  lastEntry,
  openJournal,
  type JournalEntry,
} from '../../../src/freeze/journal.js';
import { ownFolder } from '../util/folder.js';

const entry: JournalEntry = {
  pair: 'shop',
  serverUuid: 'u-1',
  backupId: '20261122T023000Z-nightly-3fa9c1',
  phase: 'frozen',
  channels: [
    { name: '', receiver: true },
    { name: 'we"st', receiver: false },
  ],
  since: '2026-11-22T02:30:00.000Z',
  pid: 4711,
  host: 'backup1',
};

describe('the journal', () => {
  test('is empty before a run and after it', async () => {
    const journal = openJournal(await ownFolder(), 'shop');
    expect(await journal.read()).toBeNull();
    await journal.write(entry);
    await journal.close();
    expect(await journal.read()).toBeNull();
  });

  test('says what was written, also to the next process', async () => {
    const folder = await ownFolder();
    await openJournal(folder, 'shop').write(entry);
    expect(await openJournal(folder, 'shop').read()).toEqual(entry);
  });

  test('carries in every entry that the server was taken out of writing', async () => {
    const journal = openJournal(await ownFolder(), 'shop');
    const out = { reopen: true, after: false };
    const carried = carrying(journal, out);
    await carried.write(entry);
    expect(await journal.read()).toEqual({ ...entry, out });
    await carried.close();
    expect(await journal.read()).toBeNull();
  });

  test('keeps the last entry, and nothing beside it', async () => {
    const folder = await ownFolder();
    const journal = openJournal(folder, 'shop');
    await journal.write(entry);
    await journal.write({ ...entry, phase: 'stored' });
    expect((await journal.read())?.phase).toBe('stored');
    expect(await readdir(folder)).toEqual(['shop.journal.json']);
  });

  test('closes where nothing was ever written', async () => {
    await openJournal(join(await ownFolder(), 'not', 'made'), 'shop').close();
  });

  test('closes twice', async () => {
    const journal = openJournal(await ownFolder(), 'shop');
    await journal.write(entry);
    await journal.close();
    await journal.close();
    expect(await journal.read()).toBeNull();
  });

  test('makes its folder, which nobody else can read', async () => {
    const folder = join(await ownFolder(), 'state', 'here');
    await openJournal(folder, 'shop').write(entry);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, 'shop.journal.json'))).mode & 0o777).toBe(0o600);
  });

  test('of one pair is not that of another', async () => {
    const folder = await ownFolder();
    const pairName = fc.string({
      unit: fc.constantFrom('a', 'A', '.', '/', '%', '2', 'F', ' ', '漢'),
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(pairName, pairName, async (one, other) => {
        fc.pre(one !== other);
        const journal = openJournal(folder, one);
        await journal.write({ ...entry, pair: one });
        expect(await openJournal(folder, other).read()).toBeNull();
        await openJournal(folder, other).close();
        expect((await journal.read())?.pair).toBe(one);
        await journal.close();
      }),
      { numRuns: 40 },
    );
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('a damaged journal', () => {
  const damages: [string, (text: string) => string][] = [
    ['is empty', () => ''],
    ['was cut short', (text) => text.slice(0, -3)],
    ['is no object', () => '[]'],
    ['lacks a field', (text) => text.replace('"pid": 4711', '"pit": 4711')],
    ['has an unknown phase', (text) => text.replace('frozen', 'thawed')],
    ['has a nonsense time', (text) => text.replace('2026-11-22T', '2026-22-11T')],
  ];
  test.each(damages)('that %s is named, and not taken for none', async (_, damage) => {
    const folder = await ownFolder();
    const journal = openJournal(folder, 'shop');
    await journal.write(entry);
    const path = join(folder, 'shop.journal.json');
    await writeFile(path, damage(await readFile(path, 'utf8')));
    await expect(journal.read()).rejects.toMatchObject({
      code: 'failed',
      message: `cannot read the journal ${path}`,
      hint: expect.stringContaining('stillpoint status') as string,
    });
  });

  test('that is no file is named', async () => {
    const folder = await ownFolder();
    await mkdir(join(folder, 'shop.journal.json'));
    await expect(openJournal(folder, 'shop').read()).rejects.toThrow(/cannot read the journal/);
  });

  test('folder is named when it cannot be written', async () => {
    const folder = join(await ownFolder(), 'file');
    await writeFile(folder, '');
    await expect(openJournal(folder, 'shop').write(entry)).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining(`cannot write the journal ${folder}`) as string,
      hint: expect.stringContaining('stateDir') as string,
    });
  });
});

test('one for each of several replicas: the one about a server is found whatever it is called now', async () => {
  const folder = await ownFolder();
  const east = openJournal(folder, 'shop', 'east');
  await openJournal(folder, 'shop').write({ ...entry, serverUuid: 'old', backupId: '1' });
  await east.write({ ...entry, serverUuid: 'east', backupId: '2' });
  await openJournal(folder, 'shop.east').write({ ...entry, backupId: '3' });
  const at = async (name: string | null, uuid: string) =>
    (await journalAt(folder, 'shop', { name, uuid })).path;
  expect(await at('east', 'east')).toBe(east.path);
  expect(await at('renamed', 'east')).toBe(east.path);
  expect(await at('west', 'old')).toBe(openJournal(folder, 'shop').path);
  expect(await at('west', 'west')).toBe(openJournal(folder, 'shop', 'west').path);
  expect(await journalsBeside(folder, 'shop', east)).toHaveLength(1);
  expect((await lastEntry(folder, 'shop'))?.backupId).toBe('2');
  expect(await lastEntry(folder, 'crm')).toBeNull();
});
