import type { DatabaseInfo } from './inventory.js';

/**
 * Everything of the database but these tables; null when that is too much to name, or when mysqldump, told to
 * pass over it, would pass over one of them: `T` hides `t`.
 */
export function namesBeside(
  name: string,
  tables: readonly string[],
  database: DatabaseInfo | undefined,
  mostBytes: number,
): string[] | null {
  // `a.b.c` would not say where the database's name ends.
  if (!database || folded(name).includes('.')) return null;
  const own = new Set(tables);
  const names = [
    ...database.tables.map((table) => table.name),
    ...database.views,
    ...database.excluded,
  ];
  const beside = names.filter((one) => !own.has(one));
  const hidden = new Set(beside.map(folded));
  if (tables.some((one) => hidden.has(folded(one)))) return null;
  const full = beside.map((one) => `${name}.${one}`);
  return Buffer.byteLength(full.join(' ')) > mostBytes ? null : full;
}

/** Alike for names that mysqldump may take for one: it compares by a collation without case and accents. */
export function folded(name: string): string {
  return name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
}

/** A name that holds a line break is not whole in the comment that begins its table. */
export function isOneLine(name: string): boolean {
  return !/[\r\n]/.test(name);
}
