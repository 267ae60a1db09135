import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { balancedLanes, lanesOf, type Lane } from '../../../src/dump/lanes.js';
import { planParts, type PartPlan } from '../../../src/dump/plan.js';
import { database, databases, MiB, table } from './databases.js';

type Infos = Parameters<typeof planParts>[0];
const rows = (infos: Infos) => planParts(infos).filter(({ kind }) => kind === 'data');

const quick = { namesAreSlow: false };
const ways: [string, (infos: Infos) => Lane[], (infos: Infos) => PartPlan[]][] = [
  ['in turn', (infos) => lanesOf(planParts(infos), infos, quick), planParts],
  ['at once', (infos) => balancedLanes(rows(infos), infos, 4, quick), rows],
];

describe.each(ways)('processes that run %s', (_, lanesFor, partsOf) => {
  test('have each part once, and each is of one kind', () => {
    fc.assert(
      fc.property(databases, (infos) => {
        const lanes = lanesFor(infos);
        const texts = (parts: readonly unknown[]) => parts.map((one) => JSON.stringify(one)).sort();
        expect(texts(lanes.flatMap(({ parts }) => parts))).toEqual(texts(partsOf(infos)));
        for (const { parts } of lanes) {
          expect(
            new Set(parts.map(({ kind, plain, mvcc }) => `${kind} ${plain} ${mvcc}`)).size,
          ).toBe(1);
        }
      }),
    );
  });

  test.each([
    ['T', 't'],
    ['café', 'cafe'],
    ['CAFÉ', 'cafe\u0301'],
  ])('pass over no table for another that mysqldump takes it for: %s and %s', (one, other) => {
    const infos = ['a', 'b'].map((name) =>
      database(name, { tables: [table(one, { plain: false }), table(other)] }),
    );
    for (const { parts, ignored } of lanesFor(infos)) {
      if (parts.some(({ kind }) => kind === 'data')) expect(ignored).toBeNull();
    }
  });

  test('pass over everything that is in no part of theirs, when they are given whole databases', () => {
    fc.assert(
      fc.property(databases, (infos) => {
        for (const { parts, ignored } of lanesFor(infos)) {
          const names = new Set(parts.map((part) => part.database));
          if (ignored === null) continue;
          expect(names.size).toBe(parts.length);
          for (const part of parts) {
            const info = infos.find(({ name }) => name === part.database)!;
            const tables = info.tables.map(({ name }) => name);
            // A trigger is dumped with its table.
            const own = part.kind === 'objects' ? info.triggered : part.tables;
            const all = [...tables, ...info.views, ...info.excluded];
            const beside = all.filter((name) => !own.includes(name));
            for (const name of beside) expect(ignored).toContain(`${part.database}.${name}`);
            for (const name of own) expect(ignored).not.toContain(`${part.database}.${name}`);
          }
        }
      }),
    );
  });

  test('dump a database whose name is not whole in one line by itself', () => {
    const names = ['a', 'b\nc', 'd\re', 'f'];
    const infos = names.map((name) =>
      database(name, { tables: [table('t')], views: ['v'], procedures: ['p'] }),
    );
    const together = lanesFor(infos).filter(({ parts }) => parts.length > 1);
    expect(together.length).toBeGreaterThan(0);
    for (const { parts } of together) {
      expect(parts.map((part) => part.database)).toEqual(['a', 'f']);
    }
  });
});

test('a thousand databases of a few rows take a few processes', () => {
  const infos = Array.from({ length: 1000 }, (_, i) =>
    database(`d${i}`, {
      tables: [table('a', { estimatedBytes: 16384 }), table('b', { estimatedBytes: 16384 })],
    }),
  );
  expect(lanesOf(planParts(infos), infos, quick).length).toBeLessThan(20);
});

describe('programs and views', () => {
  const lanesFor = (infos: Infos, kind: PartPlan['kind']) =>
    lanesOf(planParts(infos), infos, quick).filter(({ parts }) => parts[0].kind === kind);
  const many = (count: number, more: Parameters<typeof database>[1]) =>
    Array.from({ length: count }, (_, i) => database(`d${i}`, more));
  const sizes = (lanes: Lane[]) => lanes.map(({ parts }) => parts.length);

  test.each<[PartPlan['kind'], Parameters<typeof database>[1]]>([
    ['objects', { procedures: ['p'] }],
    ['views', { views: ['v'] }],
  ])('%s of a thousand databases take a few processes', (kind, more) => {
    expect(sizes(lanesFor(many(1000, more), kind))).toEqual([200, 200, 200, 200, 200]);
  });

  test('a process of programs is given no more than a thousand, and tables that have triggers count too', () => {
    const programs = Array.from({ length: 300 }, (_, i) => `p${i}`);
    expect(sizes(lanesFor(many(7, { functions: programs }), 'objects'))).toEqual([3, 3, 1]);
    const tables = programs.map((name) => table(name));
    const info = { events: ['e'], tables };
    expect(sizes(lanesFor(many(7, info), 'objects'))).toEqual([7]);
    const some = programs.slice(0, 150);
    const withTriggers = { ...info, triggers: some, triggered: some };
    expect(sizes(lanesFor(many(7, withTriggers), 'objects'))).toEqual([3, 3, 1]);
  });

  test('nor one of views', () => {
    const views = Array.from({ length: 200 }, (_, i) => `v${i}`);
    expect(sizes(lanesFor(many(5, { views }), 'views'))).toEqual([2, 2, 1]);
  });

  test('a database by itself passes over what its part does', () => {
    const infos = [database('a', { events: ['e'], excluded: ['x'], views: ['v'] })];
    for (const kind of ['objects', 'views'] as const) {
      expect(lanesFor(infos, kind)).toMatchObject([{ ignored: null, parts: [{ kind }] }]);
    }
  });

  test('databases that mysqldump may take for one are dumped apart', () => {
    const infos = ['twin', 'Twin'].map((name) => database(name, { procedures: ['p'] }));
    expect(sizes(lanesFor(infos, 'objects'))).toEqual([1, 1]);
  });

  test('a view that would hide the table of a trigger is not passed over', () => {
    const hidden = { tables: [table('t')], views: ['T'], triggers: ['x'], triggered: ['t'] };
    const infos = [database('a', hidden), database('b', hidden)];
    for (const { ignored } of lanesFor(infos, 'objects')) expect(ignored).toBeNull();
  });
});

test('as many as asked for, of about one size', () => {
  const tables = [90, 70, 60, 50, 40, 30, 30, 20, 10].map((size, i) =>
    table(`t${i}`, { estimatedBytes: size * MiB }),
  );
  const infos = [database('shop', { tables })];
  const parts = planParts(infos).filter(({ kind }) => kind === 'data');
  const lanes = balancedLanes(parts, infos, 4, quick);
  expect(lanes).toHaveLength(4);
  for (const { estimatedBytes } of lanes) expect(estimatedBytes).toBeLessThan(115 * MiB);
});

test('no process is given more names than a command line takes', () => {
  const tables = Array.from({ length: 30_000 }, (_, i) =>
    table(`${'t'.repeat(55)}${i}`, { estimatedBytes: 16384 }),
  );
  const infos = [database('shop', { tables })];
  const parts = planParts(infos).filter(({ kind }) => kind === 'data');
  for (const lane of balancedLanes(parts, infos, 2, quick)) {
    const names = lane.parts.flatMap((part) => part.tables);
    expect(Buffer.byteLength(names.join(' '))).toBeLessThan(1 << 20);
  }
});

describe('where names are slow', () => {
  const slow = { namesAreSlow: true };
  const tables = Array.from({ length: 2500 }, (_, i) => table(`t${i}`, { estimatedBytes: 16384 }));
  const lanesFor = (info: ReturnType<typeof database>) => lanesOf(planParts([info]), [info], slow);
  const lanesAtOnce = (info: ReturnType<typeof database>) =>
    balancedLanes(rows([info]), [info], 2, slow);

  test.each([
    ['in turn', lanesFor, 5],
    ['at once', lanesAtOnce, 1],
  ])('many tables of a database are those that are not passed over, %s', (_, lanes, least) => {
    const info = database('shop', { tables, views: ['v'], excluded: ['x'] });
    const many = lanes(info).filter(({ parts }) => parts[0].tables.length >= 100);
    expect(many.length).toBeGreaterThan(least);
    for (const { parts, ignored } of many) {
      const own = new Set(parts.flatMap((part) => part.tables.map((name) => `shop.${name}`)));
      const all = [...tables.map(({ name }) => `shop.${name}`), 'shop.v', 'shop.x'];
      expect(ignored?.toSorted()).toEqual(all.filter((name) => !own.has(name)).sort());
    }
  });

  test('a database that is dumped whole passes over nothing', () => {
    const info = database('shop', { tables: tables.slice(0, 100) });
    expect(lanesFor(info).map(({ ignored }) => ignored)).toEqual([[], []]);
  });

  test('a process comes to one part after the other', () => {
    const info = database('shop', { tables });
    for (const { parts } of lanesAtOnce(info)) {
      const numbers = parts.flatMap((part) => part.tables.map((name) => Number(name.slice(1))));
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
  });

  test('tables are named where a large one lies between those of another part', () => {
    const large = table('large', { estimatedBytes: 20 * MiB });
    const mixed = [...tables.slice(0, 10), large, ...tables.slice(10)];
    const [lane, ...others] = balancedLanes(
      rows([database('shop', { tables: mixed })]),
      [database('shop', { tables: mixed })],
      1,
      slow,
    );
    expect(others).toEqual([]);
    expect(lane?.ignored).toBeNull();
  });

  test('they are named where one that is passed over would hide another, or its name is odd', () => {
    for (const odd of ['T7', 'a\nb']) {
      const info = database('shop', { tables: [...tables, table(odd)] });
      const sure = lanesFor(info).filter(({ parts: [part] }) => part.tables.includes('t7'));
      expect(sure.length).toBeGreaterThan(1);
      if (odd === 'T7')
        for (const { ignored } of sure) expect(ignored?.includes('shop.T7')).not.toBe(true);
    }
  });
});
