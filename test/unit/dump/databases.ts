import fc from 'fast-check';
import type { DatabaseInfo, TableInfo } from '../../../src/dump/inventory.js';
import { hostileNames } from '../../rig/hostile/names.js';

export const MiB = 1024 * 1024;

export function table(name: string, more: Partial<TableInfo> = {}): TableInfo {
  return {
    name,
    engine: 'InnoDB',
    kind: 'table',
    estimatedBytes: 16_384,
    rowsLeftOut: false,
    versioned: false,
    plain: true,
    ...more,
  };
}

export function database(name: string, more: Partial<DatabaseInfo> = {}): DatabaseInfo {
  return {
    name,
    create: `CREATE DATABASE \`${name}\``,
    tables: [],
    excluded: [],
    views: [],
    triggers: [],
    triggered: [],
    procedures: [],
    functions: [],
    packages: [],
    packageBodies: [],
    events: [],
    ...more,
  };
}

const name = fc.oneof(
  fc.constantFrom(...hostileNames, '~~shared.1', 'a.1'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 64 }),
);
const names = fc.uniqueArray(name, { maxLength: 4 });

const anyTable = fc
  .record({
    name,
    estimatedBytes: fc.oneof(fc.nat(20 * MiB), fc.constantFrom(0, 8 * MiB - 1, 8 * MiB)),
    engine: fc.constantFrom('InnoDB', 'MyISAM', 'MEMORY', 'SEQUENCE'),
    plain: fc.boolean(),
  })
  .map(({ name, estimatedBytes, engine, plain }) =>
    table(name, {
      estimatedBytes,
      engine,
      plain,
      kind: engine === 'SEQUENCE' ? 'sequence' : 'table',
      rowsLeftOut: ['MEMORY', 'SEQUENCE'].includes(engine),
    }),
  );

/** Servers' worth of databases, no two of one name, and no two tables of one name in one. */
export const databases = fc.uniqueArray(
  fc
    .record({
      name,
      tables: fc.uniqueArray(anyTable, { selector: (one) => one.name, maxLength: 12 }),
      excluded: names,
      views: names,
      triggers: names,
      procedures: names,
      functions: names,
      packages: names,
      packageBodies: names,
      events: names,
    })
    .map(({ name, ...more }) => {
      const tables = more.tables.slice(1).map((one) => one.name);
      const triggers = tables.length > 0 ? more.triggers : [];
      return database(name, { ...more, triggers, triggered: triggers.length > 0 ? tables : [] });
    }),
  { selector: (one) => one.name, maxLength: 5 },
);
