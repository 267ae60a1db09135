import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planParts, type PartPlan } from '../../../src/dump/plan.js';
import { database, databases, MiB, table } from './databases.js';

const of = (parts: readonly PartPlan[], kind: PartPlan['kind']) =>
  parts.filter((part) => part.kind === kind);
const address = (part: PartPlan) => part.tables.map((name) => [part.database, name]);
const sorted = (pairs: readonly unknown[]) => pairs.map((pair) => JSON.stringify(pair)).sort();

describe('every plan', () => {
  test('has each table in one schema part, and its rows in one data part unless left out', () => {
    fc.assert(
      fc.property(databases, (infos) => {
        const parts = planParts(infos);
        const all = infos.flatMap(({ name, tables }) => tables.map((one) => ({ name, one })));
        expect(sorted(of(parts, 'schema').flatMap(address))).toEqual(
          sorted(all.map(({ name, one }) => [name, one.name])),
        );
        expect(sorted(of(parts, 'data').flatMap(address))).toEqual(
          sorted(
            all.filter(({ one }) => !one.rowsLeftOut).map(({ name, one }) => [name, one.name]),
          ),
        );
      }),
    );
  });

  test('has a part for each range of a table that is cut, and none else of it', () => {
    const anyRanges = fc.array(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(databases, anyRanges, (infos, ranges) => {
        const cut = infos.flatMap(({ name, tables }) =>
          tables
            .slice(0, 2)
            .map((one) => ({ database: name, name: one.name, ranges, definition: '' })),
        );
        const parts = of(planParts(infos, cut), 'data');
        const isCut = (part: PartPlan) => part.where !== null;
        const wanted = infos.flatMap(({ name, tables }) =>
          tables
            .slice(0, 2)
            .filter((one) => !one.rowsLeftOut)
            .flatMap((one) => ranges.map((where, i) => [name, [one.name], one.name, where, i + 1])),
        );
        expect(
          sorted(
            parts
              .filter(isCut)
              .map(({ database, tables, ofTable, where, index }) => [
                database,
                tables,
                ofTable,
                where,
                index,
              ]),
          ),
        ).toEqual(sorted(wanted));
        expect(sorted(parts.filter((part) => !isCut(part)).flatMap(address))).toEqual(
          sorted(
            infos.flatMap(({ name, tables }) =>
              tables
                .slice(2)
                .filter((one) => !one.rowsLeftOut)
                .map((one) => [name, one.name]),
            ),
          ),
        );
      }),
    );
  });

  test('expects of each part what was put into it', () => {
    fc.assert(
      fc.property(databases, (infos) => {
        for (const part of planParts(infos)) {
          const info = infos.find(({ name }) => name === part.database)!;
          const expected = part.expected.map(({ kind, name }) => [kind, name]);
          if (part.kind === 'data') {
            expect(expected).toEqual(part.tables.map((name) => ['rows', name]));
          } else if (part.kind === 'schema') {
            const kindOf = (name: string) => info.tables.find((one) => one.name === name)!.kind;
            expect(expected).toEqual(part.tables.map((name) => [kindOf(name), name]));
          } else if (part.kind === 'views') {
            expect(part.tables).toEqual(info.views);
            expect(expected).toEqual(info.views.map((name) => ['view', name]));
          } else {
            const asked = info.triggers.length > 0 ? info.triggered : info.tables.slice(0, 1);
            expect(part.tables).toEqual(
              asked.map((one) => (typeof one === 'string' ? one : one.name)),
            );
            expect(part.ignored).toEqual(info.excluded);
            expect(sorted(expected)).toEqual(
              sorted([
                ...info.triggers.map((name) => ['trigger', name]),
                ...info.procedures.map((name) => ['procedure', name]),
                ...info.functions.map((name) => ['function', name]),
                ...info.packages.map((name) => ['package', name]),
                ...info.packageBodies.map((name) => ['package body', name]),
                ...info.events.map((name) => ['event', name]),
              ]),
            );
          }
        }
      }),
    );
  });

  test.each([
    ['are more than a command line takes', 6000, (name: string) => name],
    ['are listed in another case', 2, (name: string) => name.replace(/^T(.*)0$/, 't$10')],
  ])('looks through a whole database for triggers where names of tables %s', (_, count, nameOf) => {
    const tables = Array.from({ length: count }, (_, i) => table(`T${'t'.repeat(50)}${i}`));
    const info = { tables, triggers: ['x'], triggered: tables.map(({ name }) => nameOf(name)) };
    expect(of(planParts([database('shop', info)]), 'objects')).toMatchObject([{ tables: [] }]);
  });

  test('gives no part without an object, and one of views and of programs at most', () => {
    fc.assert(
      fc.property(databases, (infos) => {
        const parts = planParts(infos);
        for (const part of parts) expect(part.expected).not.toEqual([]);
        for (const { name } of infos) {
          const own = parts.filter((part) => part.database === name);
          expect(of(own, 'views').length).toBeLessThanOrEqual(1);
          expect(of(own, 'objects').length).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test('leaves a large table alone, and lets small ones share up to 8 MiB', () => {
    fc.assert(
      fc.property(databases, (infos) => {
        for (const part of of(planParts(infos), 'data')) {
          const { tables } = infos.find(({ name }) => name === part.database)!;
          const sizes = part.tables.map(
            (name) => tables.find((one) => one.name === name)!.estimatedBytes,
          );
          const total = sizes.reduce((sum, size) => sum + size, 0);
          expect(part.estimatedBytes).toBe(total);
          if (sizes.length > 1) expect(total).toBeLessThanOrEqual(8 * MiB);
          expect(part.ofTable).toBe(sizes.length === 1 ? part.tables[0] : null);
        }
      }),
    );
  });

  test('keeps tables whose bytes are dumped as they are apart from the others', () => {
    fc.assert(
      fc.property(databases, (infos) => {
        for (const part of of(planParts(infos), 'data')) {
          const { tables } = infos.find(({ name }) => name === part.database)!;
          for (const name of part.tables)
            expect(tables.find((one) => one.name === name)!.plain).toBe(part.plain);
        }
      }),
    );
  });

  test('begins with the largest', () => {
    fc.assert(
      fc.property(databases, (infos) => {
        const sizes = planParts(infos).map((part) => part.estimatedBytes);
        expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
      }),
    );
  });
});

test('small tables share a part, in their order', () => {
  const tables = [
    table('a'),
    table('large', { estimatedBytes: 8 * MiB }),
    table('b', { estimatedBytes: 5 * MiB }),
    table('c', { estimatedBytes: 4 * MiB }),
    table('d'),
  ];
  const parts = of(planParts([database('shop', { tables })]), 'data');
  expect(parts.map((part) => part.tables)).toEqual([['large'], ['a', 'b'], ['c', 'd']]);
  expect(parts.map((part) => part.index)).toEqual([1, 2, 3]);
});

test('a sequence comes before the tables that may draw from it', () => {
  const sequence = table('z', { kind: 'sequence', engine: 'SEQUENCE', rowsLeftOut: true });
  const [schema] = of(planParts([database('shop', { tables: [table('a'), sequence] })]), 'schema');
  expect(schema?.tables).toEqual(['z', 'a']);
});

test('an empty database has no part', () => {
  expect(planParts([database('empty')])).toEqual([]);
});

test('no command gets more names than the kernel takes', () => {
  const long = '漢'.repeat(60);
  const tables = Array.from({ length: 4000 }, (_, i) =>
    table(`${long}${i}`, { estimatedBytes: 0 }),
  );
  const parts = planParts([database('shop', { tables })]);
  for (const kind of ['schema', 'data'] as const) {
    const group = of(parts, kind);
    expect(group.flatMap((part) => part.tables)).toHaveLength(tables.length);
    expect(group.map((part) => part.index)).toEqual(group.map((_, i) => i + 1));
    for (const part of group) {
      const bytes = part.tables.reduce((sum, name) => sum + Buffer.byteLength(name) + 1, 0);
      expect(bytes).toBeLessThanOrEqual(256 * 1024);
    }
  }
});
