import type { Lent, Step } from '../util/lent.js';
import type { Quoting } from './tokens.js';

/** Changes one statement: the bytes of the dump read as latin1, without the delimiter. */
export type Rewrite = (statement: string, quoting: Quoting) => string;

const plainQuoting: Quoting = { ansi: false, noBackslash: false };
/** The line of a dump that sets how the next statements are read. */
const setsMode = /^\s*\/\*!\d+ SET (?:@\w+=@@SQL_MODE, )?SQL_MODE\s*=\s*('[^']*'|@\w+) \*\/\s*$/i;
const delimiterLine = /delimiter[ \t]+(\S+)[^\n]*(?:\n|$)/iy;
/** Nothing that decides, such as `/*M!` or a delimiter, is longer. */
const lookahead = 8;

/**
 * Takes the SQL of a dump apart as the client program does, by quotes, comments and DELIMITER, and lets
 * `rewrite` change each statement. What the client takes for the inside of a stored program is never
 * taken for a statement here. Holds one statement at a time.
 */
export function rewritten(rewrite: Rewrite): Step {
  return async function* (sql) {
    const statements = new Statements(rewrite);
    for await (const chunk of sql) yield* statements.take(chunk);
    yield* statements.end();
  };
}

/**
 * The statements of a dump as the client takes it apart, each as its bytes read as latin1. Throws when the text
 * ends in the middle of one.
 */
export async function* statementsOf(sql: Lent): AsyncGenerator<string> {
  const found: string[] = [];
  const statements = new Statements((statement) => {
    if (statement !== '') found.push(statement);
    return statement;
  });
  for await (const chunk of sql) {
    statements.take(chunk);
    yield* found.splice(0);
  }
  statements.end();
  yield* found.splice(0);
  if (statements.isOpen) throw new Error('the SQL ends in the middle of a statement');
}

/** Inside of what the scan is: a quote, a comment to the end of the line, or a whole comment. */
type Inside = "'" | '"' | '`' | 'line' | 'comment' | null;

class Statements {
  readonly #rewrite: Rewrite;
  #text = '';
  #at = 0;
  #inside: Inside = null;
  /** Whether the statement has begun: before that there are spaces and comments only. */
  #begun = -1;
  #delimiter = ';';
  #quoting = plainQuoting;
  #passed: string[] = [];

  constructor(rewrite: Rewrite) {
    this.#rewrite = rewrite;
  }

  take(chunk: Buffer): Buffer[] {
    this.#text += chunk.toString('latin1');
    this.#scan(false);
    return this.#taken();
  }

  end(): Buffer[] {
    this.#scan(true);
    this.#passed.push(this.#text);
    return this.#taken();
  }

  /** Whether a statement has begun that did not end. */
  get isOpen(): boolean {
    return this.#begun !== -1;
  }

  #taken(): Buffer[] {
    const text = this.#passed.splice(0).join('');
    return text === '' ? [] : [Buffer.from(text, 'latin1')];
  }

  #scan(isEnd: boolean): void {
    const beyond = isEnd ? 0 : Math.max(lookahead, this.#delimiter.length);
    while (this.#at < this.#text.length - beyond) {
      if (this.#inside !== null) this.#stepInside(this.#inside);
      else if (!this.#stepOutside(isEnd)) return;
    }
  }

  /** A step within quotes or a comment, up to where it may end. */
  #stepInside(inside: Exclude<Inside, null>): void {
    const char = this.#text.charAt(this.#at);
    this.#at += 1;
    if (inside === 'line') {
      if (char === '\n') this.#inside = null;
    } else if (inside === 'comment') {
      if (char === '*' && this.#text.charAt(this.#at) === '/') {
        this.#at += 1;
        this.#inside = null;
      }
    } else if (char === '\\' && this.#escapes(inside)) this.#at += 1;
    // A doubled quote ends the quotes and begins them again.
    else if (char === inside) this.#inside = null;
  }

  #escapes(quote: string): boolean {
    const { ansi, noBackslash } = this.#quoting;
    return quote !== '`' && !noBackslash && !(quote === '"' && ansi);
  }

  /** Returns false when it needs to see more of the text. */
  #stepOutside(isEnd: boolean): boolean {
    const text = this.#text;
    const at = this.#at;
    if (text.startsWith(this.#delimiter, at)) {
      this.#endStatement();
      return true;
    }
    const char = text.charAt(at);
    const comment = commentAt(text, at);
    if (comment !== null) {
      this.#inside = comment;
      this.#at += comment === 'line' ? 1 : 2;
      return true;
    }
    if (this.#begun === -1 && !/\s/.test(char)) {
      if (char === 'D' || char === 'd') {
        // The whole line has to be there.
        if (!isEnd && !text.includes('\n', at)) return false;
        if (this.#takeDelimiter()) return true;
      }
      this.#begun = at;
    }
    if (char === "'" || char === '"' || char === '`') this.#inside = char;
    this.#at += 1;
    return true;
  }

  #takeDelimiter(): boolean {
    delimiterLine.lastIndex = this.#at;
    const found = delimiterLine.exec(this.#text);
    if (!found) return false;
    this.#delimiter = found[1] ?? ';';
    this.#next(this.#at + found[0].length, this.#text.slice(0, this.#at));
    return true;
  }

  #endStatement(): void {
    const before = this.#text.slice(0, this.#begun === -1 ? this.#at : this.#begun);
    const statement = this.#text.slice(before.length, this.#at);
    const changed = this.#rewrite(statement, this.#quoting);
    const [, mode] = setsMode.exec(statement) ?? [];
    if (mode !== undefined) this.#quoting = quotingOf(mode);
    this.#next(this.#at + this.#delimiter.length, before + changed);
  }

  /** Passes `changed` on for what was scanned, then what stands up to `end`. */
  #next(end: number, changed: string): void {
    this.#passed.push(changed, this.#text.slice(this.#at, end));
    this.#text = this.#text.slice(end);
    this.#at = 0;
    this.#begun = -1;
  }
}

/** What the client itself skips; it reads in `/*!` and MariaDB's `/*M!`. */
function commentAt(text: string, at: number): 'line' | 'comment' | null {
  const char = text.charAt(at);
  if (char === '#') return 'line';
  if (char === '-') return /^--(?:\s|$)/.test(text.slice(at, at + 3)) ? 'line' : null;
  if (char !== '/' || text.charAt(at + 1) !== '*') return null;
  return /^M?!/.test(text.slice(at + 2, at + 4)) ? null : 'comment';
}

/** By the value of SQL_MODE; a variable of the dump stands for what the server had before. */
function quotingOf(mode: string): Quoting {
  return { ansi: mode.includes('ANSI_QUOTES'), noBackslash: mode.includes('NO_BACKSLASH_ESCAPES') };
}
