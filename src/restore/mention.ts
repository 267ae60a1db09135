import type { Renames } from './rename.js';

/** A stored program whose text names a database that is called otherwise now. */
export interface Mention {
  /** `trigger shop.upper_name`, with the new name of its database. */
  object: string;
  /** The database that it names. */
  database: string;
}

/**
 * Whether the text of a stored program, or SQL that it puts together, seems to name a database: before a
 * dot, or as a whole string, as in a query on information_schema. Both are bytes read as latin1.
 */
export function mentionIn(body: string, database: string): boolean {
  const name = database.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const bare = `(?<![\\w$\\x80-\\xff])${name}`;
  return new RegExp(`(?:${bare}|\`${name}\`|"${name}")\\s*\\.|'${name}'|"${name}"`, 'i').test(body);
}

/** Objects that a line names. */
const namedAtMost = 10;

/** The warnings for programs whose text was left as it is, one for each database that they name. */
export function mentionLines(mentions: readonly Mention[], renames: Renames): string[] {
  return [...renames].flatMap(([from, to]) => {
    const objects = mentions.filter(({ database }) => database === from).map((of) => of.object);
    if (objects.length === 0) return [];
    const named = objects.slice(0, namedAtMost).join(', ');
    const more = objects.length > namedAtMost ? ` and ${objects.length - namedAtMost} others` : '';
    return [`look through ${named}${more}: the text still names ${from}, which is ${to} here`];
  });
}
