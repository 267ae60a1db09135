import { identifier } from '../dialect/quote.js';
import type { DatabaseInfo, TableInfo } from './inventory.js';

/** What of the inventory a backup does not hold, in words for a person. */
export function whatIsLeftOut(databases: readonly DatabaseInfo[], dumpsHistory: boolean): string[] {
  const named = (isMeant: (table: TableInfo) => boolean): string =>
    databases
      .flatMap(({ name, tables }) =>
        tables.filter(isMeant).map((table) => `${identifier(name)}.${identifier(table.name)}`),
      )
      .join(', ');
  const memory = named((table) => table.engine === 'MEMORY');
  const versioned = dumpsHistory ? '' : named((table) => table.versioned);
  return [
    ...(memory === '' ? [] : [`rows in memory are not in the backup: ${memory}`]),
    ...(versioned === ''
      ? []
      : [
          `only current rows, not the history of system-versioned tables, are in the backup: ${versioned}`,
        ]),
  ];
}
