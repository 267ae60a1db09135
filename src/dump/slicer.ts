import { Divider } from './divider.js';
import { footerOf, PartText } from './partText.js';

/** Settings and comments come before the first row: some thousand bytes. */
const mostHead = 1 << 20;
const firstStatement = /\n(?:INSERT|REPLACE)[A-Z ]* INTO `/;
const nothing = Buffer.alloc(0);

/**
 * Slices the text of one table's rows: before the next statement, once `most` bytes have come. Each slice has the
 * settings of the text's head and takes them back at its end, so that it can be loaded alone. `begin` gets
 * each, numbered from 0, and is waited for before the text goes on.
 */
export class Slicer extends Divider {
  #most: number;
  readonly #begin: (number: number, text: PartText) => void | Promise<void>;
  #head: Buffer = nothing;
  /** How each statement begins, behind a line end; null in the head. */
  #statement: string | null = null;
  #slices = 0;

  constructor(most: number, begin: (number: number, text: PartText) => void | Promise<void>) {
    super();
    this.#most = most;
    this.#begin = begin;
  }

  protected override async finish(): Promise<void> {
    if (!this.text) await this.#next();
  }

  protected override async take(chunk: Buffer): Promise<void> {
    const rows = this.text ? chunk : await this.#takeHead(chunk);
    const text = this.text;
    if (!text) return;
    const at = this.#endOfSlice(rows, this.#most - text.bytes);
    await text.put(rows.subarray(0, at));
    if (at === rows.length) return;
    await text.put(footerOf(this.#head));
    text.end();
    await this.#next();
    await this.take(rows.subarray(at));
  }

  /** Keeps what comes before the first statement; answers what comes after it. */
  async #takeHead(chunk: Buffer): Promise<Buffer> {
    const all = Buffer.concat([this.#head, chunk]);
    const found = firstStatement.exec(all.toString('latin1', 0, mostHead));
    const end = found ? found.index + 1 : all.length;
    this.#head = all.subarray(0, end);
    if (!found && all.length < mostHead) return nothing;
    if (found) this.#statement = found[0];
    // Not as mysqldump writes it: then it stays in one piece.
    else this.#most = Infinity;
    await this.#next();
    return all.subarray(end);
  }

  /** Where in these rows the first statement begins behind so many bytes, or their end. */
  #endOfSlice(rows: Buffer, bytes: number): number {
    if (this.#statement === null || rows.length <= bytes) return rows.length;
    // One that two chunks share is passed over: the next one does as well.
    const at = rows.indexOf(this.#statement, Math.max(0, bytes - 1), 'latin1');
    return at === -1 ? rows.length : at + 1;
  }

  async #next(): Promise<void> {
    const text = new PartText();
    this.text = text;
    await this.#begin(this.#slices++, text);
    await text.put(this.#head);
  }
}
