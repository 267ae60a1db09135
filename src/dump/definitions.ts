import { createHash } from 'node:crypto';
import { identifier } from '../dialect/quote.js';
import type { Row } from '../dialect/dialect.js';
import { errno, type Session } from '../pair/session.js';
import type { DatabaseInfo } from './inventory.js';
import type { ObjectKind } from './objectKinds.js';

/** What an object is made by, as a hash: the text may be somebody's secret, and the manifest is not. */
export interface Definition {
  database: string;
  kind: ObjectKind;
  name: string;
  /** SHA-256 of what SHOW CREATE says, in hex. */
  sha256: string;
}

/**
 * The definition of every object of an inventory, as the server shows it. One that the server cannot
 * show (error 1449, 1356 …) is left out. Comparable between servers of one flavour and series.
 */
export async function readDefinitions(
  session: Session,
  databases: readonly DatabaseInfo[],
  signal: AbortSignal,
): Promise<Definition[]> {
  const found: Definition[] = [];
  for (const database of databases) {
    for (const [kind, name] of objectsOf(database)) {
      signal.throwIfAborted();
      const sha256 = await hashOf(session, database.name, kind, name);
      if (sha256 !== null) found.push({ database: database.name, kind, name, sha256 });
    }
  }
  return found;
}

function objectsOf(database: DatabaseInfo): [ObjectKind, string][] {
  const all = (kind: ObjectKind, names: readonly string[]) =>
    names.map((name): [ObjectKind, string] => [kind, name]);
  return [
    ...database.tables.map(({ kind, name }): [ObjectKind, string] => [kind, name]),
    ...all('view', database.views),
    ...all('trigger', database.triggers),
    ...all('procedure', database.procedures),
    ...all('function', database.functions),
    ...all('package', database.packages),
    ...all('package body', database.packageBodies),
    ...all('event', database.events),
  ];
}

/** The hash of one object's definition; null when the server cannot show it. */
export async function hashOf(
  session: Session,
  database: string,
  kind: ObjectKind,
  name: string,
): Promise<string | null> {
  const what = `${kind.toUpperCase()} ${identifier(database)}.${identifier(name)}`;
  try {
    const [shown] = await session.query(`SHOW CREATE ${what}`);
    if (!shown) return null;
    return createHash('sha256').update(normalForm(shown)).digest('hex');
  } catch (error) {
    if (errno(error) === 0) throw error;
    return null;
  }
}

/**
 * What is shown, without what differs between a replica and a server restored from it though nothing
 * was lost: when a trigger was made, the next number of a table, whether an event is on (on a replica
 * they are off), a column's character set that its collation implies, and surplus semicolons and
 * spaces at the end of a program.
 */
export function normalForm(shown: Row): string {
  return JSON.stringify({ ...shown, Created: null })
    .replaceAll(/ AUTO_INCREMENT=\d+/g, '')
    .replaceAll(/ (?:DISABLE(?: ON (?:SLAVE|REPLICA))?|ENABLE)(?= |",)/g, '')
    .replaceAll(/[; ]+(?=",)/g, '')
    .replaceAll(/ CHARACTER SET (\w+)(?= COLLATE \1_)/g, '');
}
