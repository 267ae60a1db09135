import type { Manifest, ManifestPart } from '../catalog/records.js';

/**
 * Whether a schema part makes sequences. A column of any database may draw from one, so that those have
 * to be there before all tables (MariaDB: error 1146).
 */
export function makesSequences(
  part: Pick<ManifestPart, 'kind' | 'database' | 'tables'>,
  manifest: Pick<Manifest, 'tables'>,
): boolean {
  if (part.kind !== 'schema') return false;
  return manifest.tables.some(
    ({ engine, database, name }) =>
      engine === 'SEQUENCE' && database === part.database && part.tables.includes(name),
  );
}
