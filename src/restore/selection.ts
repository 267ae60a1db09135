import type { Manifest, ManifestPart } from '../catalog/records.js';
import { StillpointError } from '../errors.js';

/** What is to be restored. */
export interface RestoreSelection {
  databases: string[];
  /** One table of the one database; null for all. */
  table: string | null;
  /** Parts in the order of loading. */
  parts: ManifestPart[];
}

/**
 * Chooses the parts for `only`: null for everything, `db`, or `db.table`. A name may itself hold dots,
 * so the longest database that fits wins. Throws `usage` when the backup has no such thing.
 */
export function select(
  manifest: Manifest,
  only: string | null,
  accounts: boolean,
): RestoreSelection {
  const all = manifest.databases.map((database) => database.name);
  const wanted = only === null ? { databases: all, table: null } : resolve(manifest, only);
  const parts = manifest.parts.filter((part) => {
    if (part.kind === 'accounts') return accounts;
    if (!wanted.databases.includes(part.database)) return false;
    if (wanted.table === null) return true;
    return ['schema', 'data'].includes(part.kind) && part.tables.includes(wanted.table);
  });
  return { ...wanted, parts };
}

function resolve(manifest: Manifest, only: string): { databases: string[]; table: string | null } {
  if (manifest.databases.some(({ name }) => name === only))
    return { databases: [only], table: null };
  const [table] = manifest.tables
    .filter(({ database, name }) => `${database}.${name}` === only)
    .sort((a, b) => b.database.length - a.database.length);
  if (table) return { databases: [table.database], table: table.name };
  const names = manifest.databases.map(({ name }) => name).join(', ');
  throw new StillpointError('usage', `the backup has no database or table "${only}"`, {
    hint: `It has the databases ${names}; \`stillpoint show\` lists the tables.`,
  });
}
