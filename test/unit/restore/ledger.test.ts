import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  ledgerPath,
  openLedger,
  readLedger,
  sameRequest,
  type Asked,
  type LedgerEntry,
} from '../../../src/restore/ledger.js';
import { ownFolder } from '../util/folder.js';

const asked: Asked = { only: null, rename: {}, definer: 'keep', accounts: false, attach: false };
const fresh: LedgerEntry = {
  backup: '20261122T023000Z-nightly-3fa9c1',
  target: 'db9/x:3306:2',
  asked,
  since: '2026-11-24T08:00:00.000Z',
  begun: [],
  loaded: [],
  mentions: [],
  lateKeys: [],
};
const path = async () => ledgerPath(join(await ownFolder(), 'state'), fresh.backup, fresh.target);

describe('a ledger', () => {
  test('is a file of the state directory, whatever the server is called', async () => {
    const file = await path();
    expect(await readLedger(file)).toBeNull();
    await openLedger(file, fresh).start();
    expect(await readdir(join(file, '..'))).toEqual([
      '20261122T023000Z-nightly-3fa9c1.db9%2Fx%3A3306%3A2.restore.json',
    ]);
    expect(await readLedger(file)).toEqual(fresh);
  });

  test('tells what is there and what may be there in half', async () => {
    const file = await path();
    const ledger = openLedger(file, fresh);
    await Promise.all(['a', 'b', 'c'].map((key) => ledger.begin([key])));
    await ledger.begin(['a']);
    ledger.mention({ object: 'trigger x.y', database: 'z' });
    ledger.mention({ object: 'trigger x.y', database: 'z' });
    await ledger.end(['b']);
    const again = await readLedger(file);
    expect(again).toMatchObject({ begun: ['a', 'c'], loaded: ['b'] });
    expect(again!.mentions).toEqual([{ object: 'trigger x.y', database: 'z' }]);
    // It goes on from there.
    await openLedger(file, again!).end(['a']);
    expect(await readLedger(file)).toMatchObject({ begun: ['c'], loaded: ['b', 'a'] });
    await ledger.close();
    expect(await readLedger(file)).toBeNull();
    expect(fresh.begun).toEqual([]);
  });

  test('that cannot be read, or written, is an error that names it', async () => {
    const file = await path();
    await openLedger(file, fresh).start();
    await writeFile(file, (await readFile(file, 'utf8')).slice(0, -20));
    await expect(readLedger(file)).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining(file) as string,
    });
    const inTheWay = ledgerPath(file, fresh.backup, 'x');
    await mkdir(join(await ownFolder(), 'x'));
    await expect(openLedger(inTheWay, fresh).start()).rejects.toMatchObject({
      code: 'failed',
      hint: expect.stringContaining('stateDir') as string,
    });
  });
});

describe('the same request', () => {
  test('is the same whatever the order of names', () => {
    const one = { ...asked, rename: { a: 'b', c: 'd' } };
    const other = { attach: false, accounts: false, definer: 'keep', only: null } as const;
    expect(sameRequest(one, { ...other, rename: { c: 'd', a: 'b' } })).toBe(true);
  });

  test.each<Partial<Asked>>([
    { only: 'shop' },
    { rename: { a: 'b' } },
    { definer: 'drop' },
    { accounts: true },
    { attach: true },
  ])('is another with %j', (part) => {
    expect(sameRequest(asked, { ...asked, ...part })).toBe(false);
  });
});
