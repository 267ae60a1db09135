import { matches, type Selection } from '../dump/inventory.js';
import { text } from '../dialect/rows.js';
import type { Manifest } from '../catalog/records.js';
import type { Server } from '../pair/server.js';

const system = ['mysql', 'information_schema', 'performance_schema', 'sys'];

/**
 * What a server has and a backup does not hold, as patterns of `--replicate-wild-ignore-table`: a
 * server that is restored from it and follows it must pass over those, while it takes what is
 * made later.
 */
export async function outsideOf(
  server: Server,
  manifest: Manifest,
  { include, exclude }: Selection,
): Promise<string[]> {
  const any = (patterns: readonly string[], name: string) =>
    patterns.some((pattern) => matches(pattern, name));
  const rows = await server.query('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA');
  const names = rows.map((row) => text(row, 'name')).filter((name) => !system.includes(name));
  const isHeld = (name: string) => any(include, name) && !any(exclude, name);
  const tables = await server.query(
    "SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_TYPE <> 'VIEW'",
  );
  const excluded = tables
    .map((row) => [text(row, 'db'), text(row, 'name')] as const)
    .filter(([db, name]) => isHeld(db) && any(exclude, `${db}.${name}`));
  // Their rows live in memory and are not in a backup.
  const inMemory = manifest.tables
    .filter(({ engine }) => engine === 'MEMORY')
    .map(({ database, name }) => [database, name] as const);
  return [
    ...names.filter((name) => !isHeld(name)).map((name) => `${escaped(name)}.%`),
    ...[...excluded, ...inMemory].map(([db, name]) => `${escaped(db)}.${escaped(name)}`),
  ];
}

function escaped(name: string): string {
  return name.replaceAll(/[\\%_]/g, '\\$&');
}
