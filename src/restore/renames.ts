import { StillpointError } from '../errors.js';
import type { Renames } from './rename.js';

const system = ['mysql', 'information_schema', 'performance_schema', 'sys'];

/**
 * The new names of databases, checked against those that are restored. Throws `usage` for a name that
 * is not among them, and when two databases would get one name.
 */
export function checkRenames(
  asked: Readonly<Record<string, string>>,
  databases: readonly string[],
): Renames {
  const renames = new Map(Object.entries(asked).filter(([from, to]) => from !== to));
  for (const [from, to] of renames) {
    if (!databases.includes(from)) {
      throw new StillpointError(
        'usage',
        `no database "${from}" is restored, so it has no new name`,
        {
          hint: `It restores ${databases.join(', ')}.`,
        },
      );
    }
    if (to === '' || to.length > 64 || /[\0\u{10000}-\u{10ffff}]| $/u.test(to)) {
      throw new StillpointError('usage', `"${to}" cannot be the name of a database`, {
        hint: 'A name has 1 to 64 characters, no space at its end, and none beyond U+FFFF.',
      });
    }
    if (system.includes(to.toLowerCase())) {
      throw new StillpointError('usage', `"${to}" is a database of the server itself`, {
        hint: 'Choose another name.',
      });
    }
  }
  const names = databases.map((name) => renames.get(name) ?? name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new StillpointError('usage', `two databases would be restored as "${twice}"`, {
      hint: 'Give each a name of its own, or restore one of them with --only.',
    });
  }
  return renames;
}
