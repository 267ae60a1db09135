import { identifier } from '../dialect/quote.js';
import { asLatin1 } from '../util/latin1.js';
import type { Renames } from './rename.js';
import type { Rewrite } from './statements.js';
import { isWord, replaced, tokensOf } from './tokens.js';

/** In the grants of a whole database the name is a pattern, with these escaped where they are meant. */
const escaped = (name: string): string => name.replace(/[_%\\]/g, '\\$&');

/**
 * Gives the grants on a database, or on what is in it, to the database of the new name. A grant on a
 * pattern that happens to fit the old name stays.
 */
export function grantRewrite(renames: Renames): Rewrite {
  const plain = new Map(
    [...renames].map(([from, to]) => [asLatin1(from), asLatin1(identifier(to))]),
  );
  const patterns = new Map(
    [...renames].map(([from, to]) => [asLatin1(escaped(from)), asLatin1(identifier(escaped(to)))]),
  );
  return (statement, quoting) => {
    if (!/^(?:GRANT|REVOKE) /.test(statement)) return statement;
    const tokens = [...tokensOf(statement, quoting)];
    const dot = tokens.findIndex(({ text }, i) => text === '.' && tokens[i - 1]?.kind === 'name');
    const name = tokens[dot - 1];
    const before = tokens[dot - 2];
    const isWhole = tokens[dot + 1]?.text === '*';
    const by = name && ((isWhole ? patterns.get(name.text) : undefined) ?? plain.get(name.text));
    const isGrant = isWord(before, 'ON', 'PROCEDURE', 'FUNCTION', 'PACKAGE', 'BODY', 'TABLE');
    if (!name || by === undefined || !isGrant) return statement;
    return replaced(statement, [{ at: name.at, end: name.end, by }]);
  };
}
