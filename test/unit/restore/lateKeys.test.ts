import { describe, expect, test } from 'vitest';
import {
  lateKeyRewrite,
  tablesWithLateKeys,
  type LateKeys,
} from '../../../src/restore/lateKeys.js';

const plain = { ansi: false, noBackslash: false };

/** What becomes of a table's definition, and the keys that wait. */
function taken(items: readonly string[], tail = 'ENGINE=InnoDB'): { left: string; late: string[] } {
  const waiting: LateKeys[] = [];
  const wanted = new Map([['shop', new Set(['größe'])]]);
  const rewrite = lateKeyRewrite('shop', { wanted, waiting })!;
  const sql = `CREATE TABLE \`größe\` (\n  ${items.join(',\n  ')}\n) ${tail}`;
  const left = rewrite(Buffer.from(sql).toString('latin1'), plain);
  return { left: Buffer.from(left, 'latin1').toString(), late: waiting[0]?.keys ?? [] };
}

const id = '`id` int(11) NOT NULL AUTO_INCREMENT';
const a = "`a` int(11) DEFAULT NULL COMMENT 'KEY `a` (`a`), KEY'";
const primary = 'PRIMARY KEY (`id`)';

describe('keys that wait', () => {
  test('are the plain ones at the end', () => {
    const keys = [
      'KEY `a` (`a`)',
      "KEY `ü,(` (`a`(10) DESC,`id`) USING BTREE COMMENT 'a, b) c'",
      'KEY `hidden` (`a`) /*!80000 INVISIBLE */',
    ];
    const { left, late } = taken([id, a, primary, 'UNIQUE KEY `u` (`a`)', ...keys]);
    expect(late).toEqual(keys);
    expect(left).toBe(
      `CREATE TABLE \`größe\` (\n  ${[id, a, primary, 'UNIQUE KEY `u` (`a`)'].join(',\n  ')}) ENGINE=InnoDB`,
    );
  });

  test('are those before a check, which stays', () => {
    const check = 'CONSTRAINT `c` CHECK (`a` > 0)';
    const { left, late } = taken([id, a, primary, 'KEY `a` (`a`)', check]);
    expect(late).toEqual(['KEY `a` (`a`)']);
    expect(left).toContain(`${primary},\n  ${check}\n)`);
  });

  test('are none before one that has to stay, so that their order is kept', () => {
    const kept = 'KEY `of_expression` ((lower(`a`)))';
    const { left, late } = taken([id, a, primary, 'KEY `a` (`a`)', kept, 'KEY `b` (`a`)']);
    expect(late).toEqual(['KEY `b` (`a`)']);
    expect(left).toContain(`KEY \`a\` (\`a\`),\n  ${kept})`);
  });

  test.each([
    ['the key that AUTO_INCREMENT counts by', [id, a, 'KEY `id` (`id`)']],
    ['a full text key', [id, a, primary, 'KEY `a` (`a`)', 'FULLTEXT KEY `f` (`a`)']],
    ['a key whose second part is an expression', [id, a, primary, 'KEY `e` (`a`,(`a` + 1))']],
    [
      'keys of a table with foreign keys',
      [id, a, primary, 'KEY `a` (`a`)', 'CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `b` (`id`)'],
    ],
    ['none', [id, a, primary]],
  ])('are not: %s', (_, items) => {
    const { left, late } = taken(items);
    expect(late).toEqual([]);
    expect(left).toBe(`CREATE TABLE \`größe\` (\n  ${items.join(',\n  ')}\n) ENGINE=InnoDB`);
  });

  test('are not those of a table with history', () => {
    expect(
      taken([id, a, primary, 'KEY `a` (`a`)'], 'ENGINE=InnoDB WITH SYSTEM VERSIONING').late,
    ).toEqual([]);
  });

  test('are told once when a table is made again', () => {
    const waiting: LateKeys[] = [];
    const rewrite = lateKeyRewrite('shop', {
      wanted: new Map([['shop', new Set(['t'])]]),
      waiting,
    })!;
    for (let i = 0; i < 2; i += 1) rewrite('CREATE TABLE `t` (`a` int, KEY `a` (`a`))', plain);
    expect(waiting).toEqual([{ database: 'shop', table: 't', keys: ['KEY `a` (`a`)'] }]);
  });
});

test('only large tables of InnoDB wait, and those that have a part of their own', () => {
  const part = (tables: string[], plainBytes: number, kind: 'data' | 'schema' = 'data') => ({
    kind,
    database: 'shop',
    tables,
    plainBytes,
    key: '',
    bytes: 1,
    sha256: '',
  });
  const table = (name: string, engine: string) => ({
    database: 'shop',
    name,
    engine,
    rows: 1,
    checksum: null,
  });
  const large = 20 << 20;
  const wanted = tablesWithLateKeys({
    parts: [
      part(['large', 'small'], large, 'schema'),
      part(['large'], large),
      part(['small'], 1000),
      part(['aria'], large),
      part(['one', 'two'], large),
    ],
    tables: [
      ...['large', 'small', 'one', 'two'].map((name) => table(name, 'InnoDB')),
      table('aria', 'Aria'),
    ],
  });
  expect([...wanted]).toEqual([['shop', new Set(['large'])]]);
});
