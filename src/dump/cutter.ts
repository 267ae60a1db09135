import { asLatin1 } from '../util/latin1.js';
import { Divider } from './divider.js';
import { footerOf, PartText } from './partText.js';
import type { PartPlan } from './plan.js';

/** A part's text begins; what this returns is waited for before the text goes on. */
export type BeginPart = (part: PartPlan, text: PartText) => void | Promise<void>;

/** Lines that may tell where something begins are looked at whole, up to here; names are shorter. */
const longestLine = 4096;
const dash = 0x2d;
const letterU = 0x55;
const section =
  /^-- (?:Table structure for table|Dumping data for table|Sequence structure for|Temporary (?:table|view) structure for view|Final view structure for view) `([^\n]*)`/;
const databaseLine = /^-- Current Database: `([^\n]*)`/;

/**
 * Cuts the text of one mysqldump into its parts, at the comments that begin a database or a table. Each
 * part gets the settings of the text's head and takes them back at its end, so that it can be loaded
 * alone. The parts must come in their order, each in one piece; a table that is in none of them fails it.
 */
export class Cutter extends Divider {
  readonly #parts: readonly PartPlan[];
  /** The tables of each. */
  readonly #tables: readonly ReadonlySet<string>[];
  readonly #begin: BeginPart;
  #head: Buffer[] = [];
  /** Index of the part that is being written; -1 in the head. */
  #at = -1;
  #held = Buffer.alloc(0);
  #lineBegins = true;
  /** A database was named, and USE comes next. */
  #named = false;
  /** Tables of the part that have come. */
  #seen = new Set<string>();

  constructor(parts: readonly PartPlan[], begin: BeginPart) {
    super();
    this.#parts = parts;
    this.#tables = parts.map(({ tables }) => new Set(tables.map(asLatin1)));
    this.#begin = begin;
  }

  protected override async finish(): Promise<void> {
    await this.#pass(this.#held);
    this.#requireAll();
    if (this.#at !== this.#parts.length - 1) {
      throw new Error(`the dump ended before ${this.#parts[this.#at + 1]?.database ?? ''}`);
    }
  }

  protected override async take(chunk: Buffer): Promise<void> {
    let at = 0;
    if (this.#held.length > 0) {
      at = lineEnd(chunk, 0);
      this.#held = Buffer.concat([this.#held, chunk.subarray(0, at)]);
      const isWhole = this.#held.at(-1) === 10;
      if (!isWhole && this.#held.length < longestLine) return;
      const line = this.#held;
      this.#held = Buffer.alloc(0);
      this.#lineBegins = isWhole;
      await this.#line(line);
    }
    let from = at;
    if (!this.#lineBegins) at = lineEnd(chunk, at);
    while (at < chunk.length) {
      if (chunk[at] !== dash && chunk[at] !== letterU) {
        at = lineEnd(chunk, at);
        continue;
      }
      await this.#pass(chunk.subarray(from, at));
      from = at;
      at = lineEnd(chunk, at);
      if (chunk[at - 1] !== 10) {
        this.#held = Buffer.from(chunk.subarray(from));
        return;
      }
      await this.#line(chunk.subarray(from, at));
      from = at;
    }
    this.#lineBegins = chunk.at(-1) === 10;
    await this.#pass(chunk.subarray(from));
  }

  /** A line that begins like a comment or like USE. */
  async #line(bytes: Buffer): Promise<void> {
    const line = bytes.toString('latin1');
    const database = nameOf(databaseLine, line);
    if (database !== null) {
      if (asLatin1(this.#parts[this.#at]?.database ?? '') !== database) await this.#next();
      if (asLatin1(this.#parts[this.#at]?.database ?? '') !== database) {
        throw new Error(`the dump holds a database out of turn: ${database}`);
      }
      this.#named = true;
      return;
    }
    if (this.#named && line.startsWith('USE `')) {
      // Which database they go to is not for a part to say.
      this.#named = false;
      return;
    }
    const table = nameOf(section, line);
    if (table !== null) {
      if (!this.#holds(table)) await this.#next();
      if (!this.#holds(table)) throw new Error(`the dump holds a table out of turn: ${table}`);
      this.#seen.add(table);
    }
    await this.#pass(bytes);
  }

  #holds(table: string): boolean {
    return this.#tables[this.#at]?.has(table) ?? false;
  }

  /** Tables of two databases may have one name, so what mysqldump's text holds as a whole proves too little. */
  #requireAll(): void {
    const part = this.#parts[this.#at];
    const lost = part?.tables.find((name) => !this.#seen.has(asLatin1(name)));
    if (lost !== undefined) throw new Error(`the dump left out ${part?.database ?? ''}.${lost}`);
    this.#seen.clear();
  }

  async #next(): Promise<void> {
    this.#requireAll();
    await this.text?.put(footerOf(Buffer.concat(this.#head)));
    this.text?.end();
    this.#at += 1;
    const part = this.#parts[this.#at];
    if (!part) return;
    this.text = new PartText();
    await this.#begin(part, this.text);
    for (const piece of this.#head) await this.text.put(piece);
  }

  async #pass(piece: Buffer): Promise<void> {
    if (piece.length === 0) return;
    if (this.text) await this.text.put(piece);
    else this.#head.push(Buffer.from(piece));
  }
}

/** Where the next line begins, or the end. */
function lineEnd(chunk: Buffer, from: number): number {
  const at = chunk.indexOf(10, from);
  return at === -1 ? chunk.length : at + 1;
}

function nameOf(pattern: RegExp, line: string): string | null {
  return pattern.exec(line)?.[1]?.replaceAll('``', '`') ?? null;
}
