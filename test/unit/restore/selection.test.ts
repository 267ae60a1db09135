import { describe, expect, test } from 'vitest';
import { select } from '../../../src/restore/selection.js';
import { exampleManifest, examplePart } from '../catalog/examples.js';

const part = examplePart;
const parts = {
  shopSchema: part('schema', 'shop', ['orders', 'items', 'dot.ted']),
  shopOrders: part('data', 'shop', ['orders']),
  shopShared: part('data', 'shop', ['items', 'dot.ted']),
  shopObjects: part('objects', 'shop'),
  shopViews: part('views', 'shop', ['report']),
  dottedSchema: part('schema', 'shop.dot', ['orders']),
  dottedData: part('data', 'shop.dot', ['orders']),
  accounts: part('accounts', ''),
};
const manifest = exampleManifest(
  { shop: ['orders', 'items', 'dot.ted'], 'shop.dot': ['orders'], empty: [] },
  Object.values(parts),
);

describe('select', () => {
  test('takes everything', () => {
    expect(select(manifest, null, true)).toEqual({
      databases: ['shop', 'shop.dot', 'empty'],
      table: null,
      parts: Object.values(parts),
    });
  });

  test('takes the longest database that fits a name with dots', () => {
    const both = exampleManifest({ a: ['b.c'], 'a.b': ['c'] });
    expect(select(both, 'a.b.c', false)).toMatchObject({ databases: ['a.b'], table: 'c' });
  });

  test('takes accounts only on request', () => {
    expect(select(manifest, null, false).parts).not.toContain(parts.accounts);
    expect(select(manifest, 'shop', true).parts).toContain(parts.accounts);
  });

  test('takes one database, and no other whose name begins like it', () => {
    const { shopSchema, shopOrders, shopShared, shopObjects, shopViews } = parts;
    expect(select(manifest, 'shop', false)).toEqual({
      databases: ['shop'],
      table: null,
      parts: [shopSchema, shopOrders, shopShared, shopObjects, shopViews],
    });
  });

  test('takes one table, with its definition and its rows', () => {
    expect(select(manifest, 'shop.orders', false)).toEqual({
      databases: ['shop'],
      table: 'orders',
      parts: [parts.shopSchema, parts.shopOrders],
    });
  });

  test('takes names with dots for what they are', () => {
    expect(select(manifest, 'shop.dot', false)).toMatchObject({
      databases: ['shop.dot'],
      table: null,
    });
    expect(select(manifest, 'shop.dot.orders', false)).toEqual({
      databases: ['shop.dot'],
      table: 'orders',
      parts: [parts.dottedSchema, parts.dottedData],
    });
    expect(select(manifest, 'shop.dot.ted', false)).toEqual({
      databases: ['shop'],
      table: 'dot.ted',
      parts: [parts.shopSchema, parts.shopShared],
    });
  });

  test('takes a database without tables', () => {
    expect(select(manifest, 'empty', false)).toEqual({
      databases: ['empty'],
      table: null,
      parts: [],
    });
  });

  test.each(['nothing', 'shop.nothing', 'orders', 'SHOP', 'shop.', '.orders', '', 'report'])(
    'refuses %j, and says what there is',
    (only) => {
      expect(() => select(manifest, only, true)).toThrow(
        expect.objectContaining({
          code: 'usage',
          message: `the backup has no database or table "${only}"`,
          hint: expect.stringContaining('shop, shop.dot, empty') as string,
        }),
      );
    },
  );
});
