import { asLatin1 } from '../util/latin1.js';
import type { Lent } from '../util/lent.js';

/** An object whose statement a dump must contain. */
export interface Expected {
  kind:
    | 'rows'
    | 'table'
    | 'sequence'
    | 'view'
    | 'trigger'
    | 'procedure'
    | 'function'
    | 'package'
    | 'package body'
    | 'event';
  name: string;
}

/** First bytes of the lines that tell something: `CREATE`, a comment of either kind. */
const telling = new Set(Buffer.from('C/-'));

/** A line is looked at up to here; a name has 64 characters at most, an account 32 + 255. */
const lineHead = 2048;
/** In double quotes where a stored program was made under ANSI_QUOTES. */
const quoted = '(?:`((?:[^`]|``)*)`?|"((?:[^"]|"")*)"?)';

/**
 * How the statement of each kind begins in the output of mysqldump 5.7 to 9.7 and mariadb-dump 10.6 to
 * 11.8. A line ends a name that holds a line break: then its first line has to do.
 */
const patterns: readonly [Expected['kind'], RegExp][] = [
  ['rows', new RegExp(`^/\\*!40000 ALTER TABLE ${quoted}`)],
  ['table', new RegExp(`^CREATE TABLE (?:IF NOT EXISTS )?${quoted}`)],
  ['sequence', new RegExp(`^CREATE SEQUENCE (?:IF NOT EXISTS )?${quoted}`)],
  ['view', new RegExp(`^/\\*!50001 VIEW ${quoted}`)],
  ['procedure', new RegExp(`^CREATE .*?PROCEDURE ${quoted}`)],
  ['function', new RegExp(`^CREATE .*?FUNCTION ${quoted}`)],
  ['package', new RegExp(`^CREATE .*?PACKAGE ${quoted}`)],
  ['package body', new RegExp(`^CREATE .*?PACKAGE BODY ${quoted}`)],
  ['event', new RegExp(`^/\\*!50106 CREATE\\*/ .*?EVENT ${quoted}`)],
];

/**
 * MariaDB and MySQL 5.7 keep the text of a trigger as it was typed, `create trigger db . name`, so
 * triggers are counted; their names serve the message only.
 */
const trigger = '/*!50003 CREATE';

/** Held at most before the first object has come. */
const mostHeld = 1 << 20;

/**
 * A dump's text, read along: which objects it holds and whether it ends with the
 * trailer. String values hold no raw line break in a dump, so a line that begins like a statement is
 * one, or is the body of a stored program, which can only add to what was seen.
 */
export class DumpText implements Lent {
  bytes = 0;
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer[] = [];
  #beginning: Promise<void> | null = null;
  #seen = new Set<string>();
  #triggers: string[] = [];
  #line = '';
  #lineFull = false;
  #lastLine = '';
  readonly #verdict: () => Promise<void>;

  /** `verdict` is awaited before the end of the text is passed on, and may throw to withhold it. */
  constructor(source: Lent, verdict: () => Promise<void>) {
    this.#source = source[Symbol.asyncIterator]();
    this.#verdict = verdict;
  }

  /** Reads on until an object has come, also when nobody asks for the text yet. */
  begin(): void {
    this.#beginning ??= this.#hold();
    // Whoever reads the text is told.
    this.#beginning.catch(() => undefined);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      await this.#beginning;
      yield* this.#held.splice(0);
      for (let chunk = await this.#next(); chunk; chunk = await this.#next()) yield chunk;
      this.#endLine();
      await this.#verdict();
    } finally {
      await this.#source.return?.();
    }
  }

  /** Whether the last line is the one that mysqldump writes when it has finished. */
  get complete(): boolean {
    return this.#lastLine.startsWith('-- Dump completed');
  }

  /** Whether an object has come: mysqldump writes none before its snapshot is open. */
  get begun(): boolean {
    return this.#seen.size > 0;
  }

  /** Those of `expected` that the text does not hold. */
  missing(expected: readonly Expected[]): Expected[] {
    const named = expected.filter(({ kind }) => kind !== 'trigger');
    const missing = named.filter(({ kind, name }) => !this.#seen.has(keyOf(kind, inDump(name))));
    return [
      ...missing,
      ...this.#missingTriggers(expected.filter(({ kind }) => kind === 'trigger')),
    ];
  }

  #missingTriggers(expected: readonly Expected[]): readonly Expected[] {
    if (this.#triggers.length >= expected.length) return [];
    const unseen = expected.filter(
      ({ name }) => !this.#triggers.some((line) => line.includes(asLatin1(name))),
    );
    return unseen.length > 0 ? unseen : expected;
  }

  async #hold(): Promise<void> {
    while (!this.begun && this.bytes < mostHeld) {
      const chunk = await this.#next();
      if (!chunk) return;
      this.#held.push(Buffer.from(chunk));
    }
  }

  /** The next chunk, looked at; null at the end. */
  async #next(): Promise<Buffer | null> {
    const next = await this.#source.next();
    if (next.done === true) return null;
    this.#lookAt(next.value);
    return next.value;
  }

  #lookAt(chunk: Buffer): void {
    this.bytes += chunk.length;
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      this.#append(chunk, from, at);
      this.#endLine();
      from = at + 1;
    }
    this.#append(chunk, from, chunk.length);
  }

  #append(chunk: Buffer, from: number, to: number): void {
    if (this.#lineFull || from === to) return;
    if (this.#line === '' && !telling.has(chunk[from] ?? 0)) {
      // A row, mostly: there are millions of them.
      this.#lastLine = '';
      this.#lineFull = true;
      return;
    }
    const room = lineHead - this.#line.length;
    this.#line += chunk.toString('latin1', from, Math.min(to, from + room));
    this.#lineFull = this.#line.length >= lineHead;
  }

  #endLine(): void {
    if (this.#line !== '') this.#look(this.#line);
    this.#line = '';
    this.#lineFull = false;
  }

  #look(line: string): void {
    this.#lastLine = line;
    if (!line.startsWith('CREATE ') && !line.startsWith('/*!')) return;
    if (line.startsWith(trigger)) this.#triggers.push(line);
    for (const [kind, pattern] of patterns) {
      const found = pattern.exec(line);
      const name = found?.[1]?.replaceAll('``', '`') ?? found?.[2]?.replaceAll('""', '"');
      if (name !== undefined) this.#seen.add(keyOf(kind, name));
    }
  }
}

/** Names are compared as the bytes of the dump, read as latin1, up to a line break. */
function inDump(name: string): string {
  return asLatin1(name.split('\n')[0] ?? '');
}

function keyOf(kind: string, name: string): string {
  return `${kind} ${name}`;
}
