import type { Manifest } from '../catalog/records.js';
import { readDefinitions, type Definition } from '../dump/definitions.js';
import { takeInventory } from '../dump/inventory.js';
import type { Server } from '../pair/server.js';
import type { Evidence } from './evidence.js';
import { plural, tableName } from './words.js';

/**
 * Compares every object of a restored server with the definition that was recorded while the replica
 * stood still: tables with their columns and indexes, views, triggers, routines, events. With `exact`
 * false, for a server of another series, only that each of them is there.
 */
export async function compareObjects(
  server: Server,
  manifest: Manifest,
  options: { exact: boolean; signal: AbortSignal },
  evidence: Evidence,
): Promise<void> {
  const { definitions } = manifest;
  if (definitions.length === 0) {
    evidence.warned('definitions', 'the backup is of a version that did not record them');
    return;
  }
  const names = manifest.databases.map(({ name }) => name);
  const inventory = await takeInventory(server, { include: names, exclude: [] });
  const session = await server.session();
  try {
    const restored = inventory.filter(({ name }) => names.includes(name));
    const found = await readDefinitions(session, restored, options.signal);
    const hashes = new Map(found.map((one) => [keyOf(one), one.sha256]));
    const differences = definitions.flatMap((wanted) => {
      const hash = hashes.get(keyOf(wanted));
      if (hash === undefined) return [`the ${wanted.kind} ${tableName(wanted)} is missing`];
      if (!options.exact || hash === wanted.sha256) return [];
      return [`the ${wanted.kind} ${tableName(wanted)} is not defined as in the backup`];
    });
    evidence.compared('definitions', differences, summary(definitions, options.exact));
  } finally {
    session.destroy();
  }
}

function keyOf({ kind, database, name }: Definition): string {
  return JSON.stringify([kind, database, name]);
}

/** `12 tables, 3 views, 1 trigger, as in the backup`. */
function summary(definitions: readonly Definition[], exact: boolean): string {
  const counts = new Map<string, number>();
  for (const { kind } of definitions) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const list = [...counts].map(([kind, count]) => plural(count, kind)).join(', ');
  return `${list}, ${exact ? 'defined as' : 'all that were'} in the backup`;
}
