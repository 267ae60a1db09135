import { Transform, type TransformCallback } from 'node:stream';

const start =
  /^-- (?:Table structure for table|Dumping data for table|Sequence structure for) (`.*`)/;
const footer = '/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;';

/**
 * Lets one table's sections of a dump through, with the settings at its head and at its end. A section
 * begins with the comment that names its table; string values hold no raw line break, so no value
 * looks like one.
 */
export class TableSection extends Transform {
  readonly #wanted: string;
  #open = true;
  /** The beginning of a line whose end has not come yet, while it may still decide a section. */
  #head = Buffer.alloc(0);
  #decided = false;

  constructor(table: string) {
    super();
    this.#wanted = Buffer.from(`\`${table.replaceAll('`', '``')}\``).toString('latin1');
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let from = 0;
    while (from < chunk.length) {
      const at = chunk.indexOf(10, from);
      const to = at === -1 ? chunk.length : at + 1;
      this.#take(chunk.subarray(from, to), at !== -1);
      from = to;
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    if (!this.#decided && this.#head.length > 0) this.#decide();
    done();
  }

  #take(piece: Buffer, ends: boolean): void {
    if (this.#decided) this.#pass(piece);
    else {
      this.#head = Buffer.concat([this.#head, piece]);
      // A comment that names a table is a short line; anything longer is none.
      if (ends || this.#head.length > 1024) this.#decide();
    }
    if (ends) this.#decided = false;
  }

  #decide(): void {
    const line = this.#head.toString('latin1');
    const section = start.exec(line)?.[1];
    if (section !== undefined) this.#open = section === this.#wanted;
    else if (line.startsWith(footer)) this.#open = true;
    this.#pass(this.#head);
    this.#head = Buffer.alloc(0);
    this.#decided = true;
  }

  #pass(piece: Buffer): void {
    if (this.#open) this.push(piece);
  }
}
