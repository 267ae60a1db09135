import { isWord, tokensOf, type Quoting, type Token } from './tokens.js';

const kinds = ['TRIGGER', 'PROCEDURE', 'FUNCTION', 'PACKAGE', 'EVENT', 'VIEW', 'TABLE'] as const;
/** What a CREATE statement of a dump makes. */
export type Made = (typeof kinds)[number];

/** The beginning of a CREATE statement, up to the word that says what it makes. */
export interface Head {
  makes: Made;
  /** All tokens of the statement but the ends of comments that the server reads. */
  tokens: Token[];
  /** Index of the token after the word that says what is made, and after BODY of a package. */
  next: number;
}

/** Reads a statement's head; null when it is no CREATE of something that we know. */
export function headOf(statement: string, quoting: Quoting): Head | null {
  // Most statements of a dump set a variable; only the few that create are taken apart.
  if (!/^(?:\/\*M?!\d*)?\s*create\b/i.test(statement)) return null;
  const tokens = [...tokensOf(statement, quoting)].filter(
    ({ kind }) => kind !== 'open' && kind !== 'close',
  );
  if (!isWord(tokens[0], 'CREATE')) return null;
  const found = tokens.findIndex((token) => isWord(token, ...kinds));
  const makes = tokens[found]?.text.toUpperCase() as Made | undefined;
  if (makes === undefined) return null;
  const isBody = makes === 'PACKAGE' && isWord(tokens[found + 1], 'BODY');
  return { makes, tokens, next: found + (isBody ? 2 : 1) };
}
