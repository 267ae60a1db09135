import { identifier } from '../dialect/quote.js';
import { asLatin1, fromLatin1 } from '../util/latin1.js';
import { headOf, type Head } from './head.js';
import { mentionIn, type Mention } from './mention.js';
import type { Rewrite } from './statements.js';
import { isWord, replaced, type Token } from './tokens.js';

/** Which databases are restored under another name: the old one to the new one. */
export type Renames = ReadonlyMap<string, string>;

interface Change {
  at: number;
  end: number;
  by: string;
}

/**
 * Makes the statements of a part of `database` fit the new names: what a server prints itself, in its
 * normal form, is changed; the text of a stored program is its author's and stays. `onMention` is told
 * each program whose text would have to change.
 */
export function renameRewrite(
  renames: Renames,
  database: string,
  onMention: (mention: Mention) => void,
): Rewrite {
  const dumped = new Map(
    [...renames].map(([from, to]) => [asLatin1(from), asLatin1(identifier(to))]),
  );
  return (statement, quoting) => {
    const head = headOf(statement, quoting);
    if (!head) return statement;
    if (head.makes === 'TABLE') return replaced(statement, changes(head, dumped, inTable));
    if (head.makes === 'VIEW') return replaced(statement, changes(head, dumped, inView()));
    const trigger = head.makes === 'TRIGGER' ? triggerHead(head) : null;
    const name = trigger?.name ?? head.tokens[head.next];
    const body = statement.slice(trigger?.end ?? name?.end ?? 0);
    for (const from of renames.keys()) {
      if (!mentionIn(body, asLatin1(from))) continue;
      const own = `${renames.get(database) ?? database}.${fromLatin1(name?.text ?? '')}`;
      onMention({ object: `${head.makes.toLowerCase()} ${own}`, database: from });
    }
    return trigger && renames.has(database) ? replaced(statement, trigger.qualifiers) : statement;
  };
}

/** Decides for each qualified name of a statement whether its first part is a database. */
type IsDatabase = (chain: Chain, tokens: readonly Token[]) => boolean;

/** Names joined by dots: `first` and `next` are the indexes of its first token and of that after it. */
interface Chain {
  first: number;
  next: number;
  parts: number;
}

function changes(head: Head, names: ReadonlyMap<string, string>, isDatabase: IsDatabase): Change[] {
  const { tokens } = head;
  const found: Change[] = [];
  for (let i = head.next; i < tokens.length; i++) {
    const chain = chainAt(tokens, i);
    const yes = isDatabase(chain, tokens);
    const token = tokens[i];
    const by = token?.kind === 'name' && chain.parts > 1 ? names.get(token.text) : undefined;
    if (token && by !== undefined && yes) found.push({ at: token.at, end: token.end, by });
    i = chain.next - 1;
  }
  return found;
}

/** A token that is no name is a chain of no parts. */
function chainAt(tokens: readonly Token[], first: number): Chain {
  let next = first + 1;
  if (tokens[first]?.kind !== 'name') return { first, next, parts: 0 };
  let parts = 1;
  while (tokens[next]?.text === '.' && tokens[next + 1]?.kind === 'name') {
    next += 2;
    parts += 1;
  }
  return { first, next, parts };
}

const isSequenceCall = (tokens: readonly Token[], first: number): boolean =>
  tokens[first - 1]?.text === '(' && isWord(tokens[first - 2], 'NEXTVAL', 'LASTVAL', 'SETVAL');

/** Where CREATE TABLE names another table: a foreign key, a MERGE table's union, a sequence. */
const inTable: IsDatabase = ({ first }, tokens) => {
  if (isWord(tokens[first - 1], 'REFERENCES') || isSequenceCall(tokens, first)) return true;
  // UNION=(`db`.`a`,`b`): back over the list.
  let i = first - 1;
  while (tokens[i]?.kind === 'name' || ['.', ','].includes(tokens[i]?.text ?? '')) i -= 1;
  return tokens[i]?.text === '(' && tokens[i - 1]?.text === '=' && isWord(tokens[i - 2], 'UNION');
};

/**
 * In a view `a`.`b` is a column of the table alias a, except where a table is named, which is after
 * FROM and JOIN, and where a function is called; three parts always begin with the database. FROM in
 * EXTRACT and TRIM names no table: their parentheses hold no SELECT.
 */
function inView(): IsDatabase {
  const selects = [false];
  let isTable = false;
  return ({ first, next, parts }, tokens) => {
    const token = tokens[first];
    const wasTable = isTable;
    if (token?.text === '(' && parts === 0) selects.push(false);
    else isTable = false;
    if (token?.text === ')' && parts === 0) selects.pop();
    if (isWord(token, 'SELECT')) selects[selects.length - 1] = true;
    if (isWord(token, 'FROM')) isTable = selects.at(-1) === true;
    if (isWord(token, 'JOIN', 'STRAIGHT_JOIN')) isTable = !isWord(tokens[first - 1], 'SELECT');
    if (parts < 2) return false;
    const isCall = tokens[next]?.text === '(';
    return parts > 2 || wasTable || isCall || isSequenceCall(tokens, first);
  };
}

/**
 * The head of a trigger, which MariaDB and older MySQL keep as it was typed: `db . name BEFORE INSERT ON
 * db.tbl`. Both qualifiers can only be the trigger's own database. They are taken out, since the new
 * name may not exist in the character set that the statement is read in.
 */
function triggerHead({
  tokens,
  next,
}: Head): { name: Token; end: number; qualifiers: Change[] } | null {
  const first = isWord(tokens[next], 'IF') ? next + 3 : next;
  const on = tokens.findIndex((token, i) => i > first && isWord(token, 'ON'));
  const name = lastOfName(tokens, first);
  const table = lastOfName(tokens, on + 1);
  const named = tokens[name];
  const end = tokens[table]?.end;
  if (on === -1 || !named || end === undefined) return null;
  const qualifiers = [...tokens.slice(first, name), ...tokens.slice(on + 1, table)];
  return { name: named, end, qualifiers: qualifiers.map(({ at, end }) => ({ at, end, by: '' })) };
}

const lastOfName = (tokens: readonly Token[], first: number): number =>
  tokens[first + 1]?.text === '.' ? first + 2 : first;
