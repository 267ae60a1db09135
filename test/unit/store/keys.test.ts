import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as keys from '../../../src/store/keys.js';

const anyName = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 64 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 64 }),
  fc.string({
    unit: fc.constantFrom('a', 'A', '~', '0', '-', '.', '/', '%', ' ', '漢'),
    maxLength: 6,
  }),
);
const at = (time: string) => ({ now: () => new Date(time), seconds: () => 0 });
const address = { pair: 'shop', id: '20261122T023000Z-nightly-3fa9c1' };
const plain = { encrypted: false };

describe('encodeName', () => {
  it.each([
    ['orders', 'orders'],
    ['order_items-2', 'order_items-2'],
    ['OrderItems', '~order~items'],
    ['a/b', 'a~047b'],
    ['..', '~046~046'],
    ['-rf', '~045rf'],
    ['50% off', '50~037~032off'],
    ['~', '~126'],
    ['🦆', '~240~159~166~134'],
    ['', '~'],
  ])('%j becomes %j', (name, encoded) => {
    expect(keys.encodeName(name)).toBe(encoded);
  });

  it('makes a safe segment of any name', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const encoded = keys.encodeName(name);
        expect(encoded).toMatch(/^[a-z0-9_~][a-z0-9_~-]*$/);
        expect(encoded.length).toBeLessThanOrEqual(180);
        expect(() => keys.checkKey(encoded)).not.toThrow();
      }),
    );
  });

  it('keeps two names apart, also where case is ignored', () => {
    fc.assert(
      fc.property(anyName, anyName, (one, other) => {
        fc.pre(one !== other);
        expect(keys.encodeName(one).toLowerCase()).not.toBe(keys.encodeName(other).toLowerCase());
      }),
    );
  });

  it('keeps long names apart that differ only at the end', () => {
    const long = '漢'.repeat(63);
    const encoded = [`${long}a`, `${long}b`, `${long}A`].map(keys.encodeName);
    expect(new Set(encoded).size).toBe(3);
    for (const segment of encoded) expect(segment).toMatch(/[0-9]{3}~~[0-9a-f]{32}$/);
  });
});

describe('backup ids', () => {
  it('sort by time and say it back', () => {
    const times = fc.date({
      min: new Date('2000-01-01'),
      max: new Date('2999-12-31'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(times, times, fc.string({ unit: 'binary' }), (one, other, label) => {
        const ids = [one, other].map((time) => keys.newBackupId(at(time.toISOString()), label));
        const [first, second] = ids.map((id) => keys.parseBackupId(id)!);
        expect(first!.time.getTime()).toBe(Math.floor(one.getTime() / 1000) * 1000);
        expect(first!.label).toBe(keys.slugOf(label));
        const byTime = first!.time.getTime() - second!.time.getTime();
        if (byTime !== 0) expect(ids[0]! < ids[1]!).toBe(byTime < 0);
      }),
    );
  });

  it('slug the label', () => {
    const id = keys.newBackupId(at('2026-11-22T02:30:00.987Z'), ' Before “v1.2” / DROP ');
    expect(id).toMatch(/^20261122T023000Z-before-v1-2-drop-[0-9a-f]{6}$/);
    expect(keys.slugOf('…')).toBe('backup');
    expect(keys.slugOf(`${'a'.repeat(39)} b`)).toBe('a'.repeat(39));
  });

  it.each([
    '20261122T023000Z-nightly',
    '20261322T023000Z-nightly-3fa9c1',
    '20260230T023000Z-nightly-3fa9c1',
    '20261122T023000Z-Nightly-3fa9c1',
    '20261122T023000Z--3fa9c1',
    '../20261122T023000Z-nightly-3fa9c1',
    '20261122T023000Z-nightly-3fa9c1\n',
    '',
  ])('%j is none', (id) => {
    expect(keys.parseBackupId(id)).toBeNull();
    expect(() => keys.commitKey({ pair: 'shop', id })).toThrow(/is not a backup id/);
  });
});

describe('the layout', () => {
  const folder = `shop/backups/${address.id}`;

  it('is the one of the documentation', () => {
    expect(keys.backupsPrefix('shop')).toBe('shop/backups/');
    expect(keys.commitKey(address)).toBe(`${folder}/backup.json`);
    expect(keys.manifestKey(address)).toBe(`${folder}/manifest.json.zst`);
    expect(keys.restoreScriptKey(address)).toBe(`${folder}/restore.sh`);
    expect(keys.schemaKey(address, 'Web', { ...plain, number: 1 })).toBe(
      `${folder}/schema/~web.sql.zst`,
    );
    expect(keys.objectsKey(address, 'web', { encrypted: true })).toBe(
      `${folder}/objects/web.sql.zst.age`,
    );
    expect(keys.accountsKey(address, plain)).toBe(`${folder}/accounts.sql.zst`);
    expect(keys.dataKey(address, 'web', 'orders', { ...plain, number: 1 })).toBe(
      `${folder}/data/web/orders.sql.zst`,
    );
    expect(keys.dataKey(address, 'web', 'orders', { encrypted: true, number: 3 })).toBe(
      `${folder}/data/web/orders.3.sql.zst.age`,
    );
    expect(keys.sharedDataKey(address, 'web', { encrypted: false, number: 1 })).toBe(
      `${folder}/data/web/~~shared.1.sql.zst`,
    );
    expect(keys.drillKey('shop', address.id)).toBe(`shop/drills/${address.id}.json`);
    expect(keys.pinKey(address)).toBe(`shop/pins/${address.id}.json`);
  });

  it('keeps a table whose name looks like a number apart from one that has several parts', () => {
    fc.assert(
      fc.property(anyName, anyName, fc.nat(), (one, other, number) => {
        expect(keys.dataKey(address, 'd', one, { encrypted: false, number })).not.toBe(
          keys.dataKey(address, 'd', `${other}.${number}`, { ...plain, number: 1 }),
        );
        expect(keys.dataKey(address, 'd', one, { encrypted: false, number })).not.toBe(
          keys.sharedDataKey(address, 'd', { encrypted: false, number }),
        );
      }),
    );
  });

  it('fits a file name and an S3 key at its longest', () => {
    const long = '🦆'.repeat(64);
    const id = keys.newBackupId(at('2026-11-22T02:30:00Z'), 'x'.repeat(100));
    const key = keys.dataKey({ pair: long, id }, long, long, { encrypted: true, number: 99999 });
    for (const segment of key.split('/')) expect(segment.length).toBeLessThanOrEqual(255);
    expect(key.length).toBeLessThanOrEqual(800);
  });
});

describe('checkKey', () => {
  it.each(['', '/a', 'a/', 'a//b', '.', '..', 'a/../b', 'a/./b', 'a\\b', 'a b', 'a\0b', 'ü'])(
    'refuses %j',
    (key) => {
      expect(() => keys.checkKey(key)).toThrow(/is not a safe path/);
    },
  );

  it('takes what the layout makes', () => {
    expect(() =>
      keys.checkKey(keys.dataKey(address, '..', '/', { ...plain, number: 1 })),
    ).not.toThrow();
    expect(() => keys.checkKey('a/.b/c..d')).not.toThrow();
  });
});
