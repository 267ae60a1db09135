/** How the server reads quotes in a statement; `sql_mode` decides. */
export interface Quoting {
  /** ANSI_QUOTES: "x" is a name, not a string. */
  ansi: boolean;
  /** NO_BACKSLASH_ESCAPES: a backslash in a string is a backslash. */
  noBackslash: boolean;
}

/** A piece of SQL that means something. `at` and `end` are its place in the text. */
export interface Token {
  /** `open` and `close`: the ends of a comment that the server reads, `/*!50003 … *\/`. */
  kind: 'word' | 'name' | 'string' | 'mark' | 'open' | 'close';
  /** As it stands; of a `name` what is in the quotes. */
  text: string;
  at: number;
  end: number;
}

const space = /(?:\s+|-- [^\n]*|--(?=[\n\r\t])[^\n]*|#[^\n]*|\/\*(?!M?!)[^]*?\*\/)+/y;
const open = /\/\*M?!\d*/y;
const backticks = /`((?:[^`]|``)*)`/y;
const word = /[\w$\x80-\xff]+/y;
const strings = {
  "'": { escaped: /'(?:[^'\\]|''|\\[^])*'/y, plain: /'(?:[^']|'')*'/y },
  '"': { escaped: /"((?:[^"\\]|""|\\[^])*)"/y, plain: /"((?:[^"]|"")*)"/y },
} as const;

/**
 * The tokens of a whole statement, spaces and comments left out. The text is the bytes of a dump read
 * as latin1: no byte of a character beyond ASCII looks like a quote then.
 */
export function* tokensOf(sql: string, quoting: Quoting): Generator<Token> {
  let at = 0;
  let isOpen = false;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(sql);
  };
  for (;;) {
    at += match(space)?.[0].length ?? 0;
    if (at >= sql.length) return;
    const { kind, found, text } = next(match, sql, at, quoting, isOpen);
    yield { kind, text: text ?? found, at, end: at + found.length };
    if (kind === 'open' || kind === 'close') isOpen = kind === 'open';
    at += found.length;
  }
}

function next(
  match: (pattern: RegExp) => RegExpExecArray | null,
  sql: string,
  at: number,
  { ansi, noBackslash }: Quoting,
  isOpen: boolean,
): { kind: Token['kind']; found: string; text?: string } {
  const char = sql.charAt(at);
  const quoted = char === '`' ? match(backticks) : null;
  if (quoted) {
    return { kind: 'name', found: quoted[0], text: (quoted[1] ?? '').replaceAll('``', '`') };
  }
  if (char === "'" || char === '"') {
    const isName = char === '"' && ansi;
    const found = match(strings[char][noBackslash || isName ? 'plain' : 'escaped']);
    if (found && isName) {
      return { kind: 'name', found: found[0], text: (found[1] ?? '').replaceAll('""', '"') };
    }
    if (found) return { kind: 'string', found: found[0] };
  }
  const opened = match(open);
  if (opened) return { kind: 'open', found: opened[0] };
  if (isOpen && sql.startsWith('*/', at)) return { kind: 'close', found: '*/' };
  const bare = match(word);
  return bare ? { kind: 'word', found: bare[0] } : { kind: 'mark', found: char };
}

/** Whether the token is this bare word, whatever its case. */
export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(token.text.toUpperCase());
}

/** The text with its pieces at these places replaced; the places are in order and do not overlap. */
export function replaced(
  sql: string,
  changes: readonly { at: number; end: number; by: string }[],
): string {
  let result = '';
  let from = 0;
  for (const { at, end, by } of changes) {
    result += sql.slice(from, at) + by;
    from = end;
  }
  return result + sql.slice(from);
}
