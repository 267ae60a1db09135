import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { partKey, storeSink } from '../../../src/catalog/partKey.js';
import { planParts } from '../../../src/dump/plan.js';
import { checkKey } from '../../../src/store/keys.js';
import type { Store } from '../../../src/store/store.js';
import { Readable } from 'node:stream';
import { database, databases, MiB, table } from '../dump/databases.js';
import { id } from './examples.js';

const at = { pair: 'shop', id };
const folder = `shop/backups/${id}`;

describe('the key of a part', () => {
  test('is that of no other part, also where case is ignored', () => {
    fc.assert(
      fc.property(databases, fc.boolean(), (infos, encrypted) => {
        const keys = [...planParts(infos), null].map((plan) => partKey(at, plan, encrypted));
        expect(new Set(keys.map((key) => key.toLowerCase())).size).toBe(keys.length);
        for (const key of keys) {
          expect(() => checkKey(key)).not.toThrow();
          expect(key.startsWith(`${folder}/`)).toBe(true);
          expect(key.endsWith(encrypted ? '.sql.zst.age' : '.sql.zst')).toBe(true);
        }
      }),
    );
  });

  test('says what it holds', () => {
    const tables = [table('orders', { estimatedBytes: 100 * MiB }), table('a'), table('b')];
    const plans = planParts([database('web', { tables, views: ['v'], events: ['e'] })]);
    const keys = [...plans, null].map((plan) => partKey(at, plan, false));
    expect(keys.sort()).toEqual([
      `${folder}/accounts.sql.zst`,
      `${folder}/data/web/orders.sql.zst`,
      `${folder}/data/web/~~shared.2.sql.zst`,
      `${folder}/objects/web.sql.zst`,
      `${folder}/schema/web.sql.zst`,
      `${folder}/views/web.sql.zst`,
    ]);
  });
});

test('the sink puts a part under its key, with its size and the signal', async () => {
  const [plan] = planParts([database('web', { tables: [table('a', { estimatedBytes: 77 })] })]);
  const { signal } = new AbortController();
  const body = Readable.from([]);
  const puts: unknown[][] = [];
  const store = { put: (...given: unknown[]) => Promise.resolve(puts.push(given)) };
  const sink = storeSink(store as unknown as Store, at, true);
  await sink(plan!, body, signal);
  await sink(null, body, signal);
  expect(puts).toEqual([
    [partKey(at, plan!, true), body, { estimatedBytes: 77, signal, readBack: false }],
    [partKey(at, null, true), body, { estimatedBytes: 0, signal, readBack: false }],
  ]);
});
