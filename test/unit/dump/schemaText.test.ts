import { describe, expect, test } from 'vitest';
import { manyTables, type DatabaseInfo } from '../../../src/dump/inventory.js';
import { planParts } from '../../../src/dump/plan.js';
import { writtenByUs } from '../../../src/dump/schemaText.js';
import { database, table } from './databases.js';

const slow = { namesAreSlow: true };

/** As many databases of two tables each. */
const many = (count: number) =>
  Array.from({ length: count }, (_, i) => database(`d${i}`, { tables: [table('a'), table('b')] }));

const written = (infos: readonly DatabaseInfo[], dialect = slow) =>
  writtenByUs(planParts(infos), dialect).map((part) => `${part.kind} of ${part.database}`);

describe('definitions are written without mysqldump', () => {
  test('where there are many tables, in however many databases', () => {
    expect(written(many(manyTables / 2))).toHaveLength(manyTables / 2);
    expect(written(many(manyTables / 2 - 1))).toEqual([]);
  });

  test('where it is slow', () => {
    expect(written(many(manyTables), { namesAreSlow: false })).toEqual([]);
  });

  test('where all names are whole in one line', () => {
    const infos = [...many(manyTables), database('odd', { tables: [table('a'), table('b\nc')] })];
    expect(written(infos)).toHaveLength(manyTables);
    expect(written(infos)).not.toContain('schema of odd');
  });
});
