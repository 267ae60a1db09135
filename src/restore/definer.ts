import type { Definer } from './definers.js';
import { headOf } from './head.js';
import type { Rewrite } from './statements.js';
import { isWord, replaced, type Token } from './tokens.js';

/**
 * Changes the DEFINER of a view, trigger, routine or event. It stands before the word that says what
 * the statement makes, so that nothing in a body is taken for it.
 */
export function definerRewrite(to: Exclude<Definer, 'keep'>): Rewrite {
  return (statement, quoting) => {
    const head = headOf(statement, quoting);
    if (!head) return statement;
    const before = head.tokens.slice(0, head.next);
    const first = before.findIndex(
      (token, i) => isWord(token, 'DEFINER') && before[i + 1]?.text === '=',
    );
    const clause = before[first];
    const last = before[lastOfAccount(before, first + 2)];
    if (!clause || !last) return statement;
    const by = to === 'current' ? 'DEFINER=CURRENT_USER' : '';
    return replaced(statement, [{ at: clause.at, end: last.end, by }]);
  };
}

/** The index of the last token of `user@host`, or of a role's name, which has no host. */
function lastOfAccount(tokens: readonly Token[], first: number): number {
  return tokens[first + 1]?.text === '@' ? first + 2 : first;
}
