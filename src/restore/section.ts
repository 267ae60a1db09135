import { asLatin1 } from '../util/latin1.js';
import type { Step } from '../util/lent.js';

/** What a section of a dump holds, and of what. */
export interface Section {
  holds: 'table' | 'rows' | 'sequence' | 'placeholder' | 'view';
  /** In backticks, as the bytes of the dump read as latin1; up to a line break. */
  name: string;
}

const heads: Record<string, Section['holds']> = {
  'Table structure for table': 'table',
  'Dumping data for table': 'rows',
  'Sequence structure for': 'sequence',
  'Temporary table structure for view': 'placeholder',
  'Temporary view structure for view': 'placeholder',
  'Final view structure for view': 'view',
};
const start = new RegExp(`^-- (${Object.keys(heads).join('|')}) (\`[^\\n]*)`);
const footer = '/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;';

/**
 * Lets the sections of a dump through that `wanted` says, with the settings at its head and at its
 * end. A section begins with a comment that names what it holds; string values hold no raw line break,
 * so no value looks like one.
 */
export function sections(wanted: (section: Section) => boolean): Step {
  return async function* (sql) {
    const filter = new SectionFilter(wanted);
    for await (const chunk of sql) yield* filter.take(chunk);
    yield* filter.end();
  };
}

/** The sections of one table. */
export function sectionsOf(table: string): Step {
  const [first = ''] = `\`${table.replaceAll('`', '``')}\``.split('\n');
  const name = asLatin1(first);
  return sections((section) => section.name === name);
}

class SectionFilter {
  readonly #wanted: (section: Section) => boolean;
  #open = true;
  /** The beginning of a line whose end has not come yet, while it may still decide a section. */
  #head = Buffer.alloc(0);
  #decided = false;

  constructor(wanted: (section: Section) => boolean) {
    this.#wanted = wanted;
  }

  *take(chunk: Buffer): Generator<Buffer> {
    let from = 0;
    while (from < chunk.length) {
      const at = chunk.indexOf(10, from);
      const to = at === -1 ? chunk.length : at + 1;
      yield* this.#piece(chunk.subarray(from, to), at !== -1);
      from = to;
    }
  }

  *end(): Generator<Buffer> {
    if (!this.#decided && this.#head.length > 0) yield* this.#decide();
  }

  *#piece(piece: Buffer, ends: boolean): Generator<Buffer> {
    if (!this.#decided) {
      this.#head = Buffer.concat([this.#head, piece]);
      // A comment that names a table is a short line; anything longer is none.
      if (ends || this.#head.length > 1024) yield* this.#decide();
    } else if (this.#open) yield piece;
    if (ends) this.#decided = false;
  }

  *#decide(): Generator<Buffer> {
    const line = this.#head.toString('latin1');
    const [, head = '', name = ''] = start.exec(line) ?? [];
    const holds = heads[head];
    if (holds !== undefined) this.#open = this.#wanted({ holds, name });
    else if (line.startsWith(footer)) this.#open = true;
    if (this.#open) yield this.#head;
    this.#head = Buffer.alloc(0);
    this.#decided = true;
  }
}
