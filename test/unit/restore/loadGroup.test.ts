import fc from 'fast-check';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { ManifestPart } from '../../../src/catalog/records.js';
import type { Server } from '../../../src/pair/server.js';
import { inGroups, loadGroup } from '../../../src/restore/loadGroup.js';

const partOf = (bytes: number, i: number, kind: ManifestPart['kind'] = 'data') => ({
  ...{ kind, key: `data/${i}.sql.zst`, database: 'shop', tables: [`t${i}`], bytes },
  ...{ sha256: '', plainBytes: bytes },
});

describe('groups', () => {
  test('hold every part once, in order, and large ones alone', () => {
    const sizes = fc.array(fc.constantFrom(10, 65_535, 65_536, 1 << 30), { maxLength: 300 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 8 }), (all, parallel) => {
        const parts = all.map((bytes, i) => partOf(bytes, i));
        const groups = inGroups(parts, parallel);
        expect(groups.flat()).toEqual(parts);
        for (const group of groups) {
          expect(group.length).toBeLessThanOrEqual(32);
          if (group.length > 1)
            expect(Math.max(...group.map((one) => one.bytes))).toBeLessThan(65_536);
        }
      }),
    );
  });

  test('are enough for all that load', () => {
    const little = Array.from({ length: 40 }, (_, i) => partOf(10, i));
    expect(inGroups(little, 4).map((group) => group.length)).toEqual([
      ...Array<number>(13).fill(3),
      1,
    ]);
    expect(inGroups(little, 1)).toHaveLength(4);
    expect(inGroups(little.slice(0, 5), 2)).toHaveLength(5);
  });
});

test('what was asked for ahead is let go of when a part fails', async () => {
  const parts = Array.from({ length: 12 }, (_, i) => partOf(10, i));
  const bodies: Readable[] = [];
  const session = { query: () => Promise.reject(new Error('gone')), destroy: () => undefined };
  const loading = loadGroup(
    parts,
    {
      store: {
        get: () => {
          const body = new Readable({ read: () => undefined });
          bodies.push(body);
          return Promise.resolve(body);
        },
      },
      target: { session: () => Promise.resolve(session) } as unknown as Server,
      ...{ zstd: 'zstd', decrypt: null, client: 'mysql', optionFile: '', unlogged: false },
      signal: new AbortController().signal,
      observe: () => undefined,
    },
    'DO 0',
    { choose: () => undefined, ends: true },
  );
  await expect(loading).rejects.toThrow('cannot load data/0.sql.zst: gone');
  expect(bodies).toHaveLength(8);
  await new Promise(setImmediate);
  expect(bodies.filter((body) => !body.destroyed)).toEqual([]);
});
