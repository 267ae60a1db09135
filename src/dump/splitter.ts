import { identifier } from '../dialect/quote.js';
import { asLatin1 } from '../util/latin1.js';
import type { BeginPart } from './cutter.js';
import { Divider } from './divider.js';
import { footerOf, PartText } from './partText.js';
import type { PartPlan } from './plan.js';

/** A longer text is not held. */
export const mostHeld = 16 * 1024 * 1024;

/** Any line that may name a database, and such a line with those around it, as mysqldump writes them. */
const naming = /^-- Current Database: (.*)$/gm;
const marker = /\n--\n-- Current Database: .*\n--\n\nUSE .*;\n/;

/**
 * Takes the text of one mysqldump of several databases' programs, or views, apart into the parts' texts, each with
 * the settings of the head and an end of its own. Null where it is not certain which database a line belongs to: a
 * program may hold anything, also the lines that begin a database. mysqldump writes those once for each database, in
 * order; of views twice, since it makes placeholders of all first. Where the text holds no more of them than that,
 * all are mysqldump's.
 */
export function takenApart(whole: Buffer, parts: readonly PartPlan[]): Buffer[] | null {
  const text = whole.toString('latin1');
  const names = parts.map(({ database }) => asLatin1(identifier(database)));
  const wanted = parts[0]?.kind === 'views' ? [...names, ...names] : names;
  const named = Array.from(text.matchAll(naming), ([, name = '']) => name);
  const [head = '', ...sections] = text.split(marker);
  if (named.join('\n') !== wanted.join('\n') || sections.length !== wanted.length) return null;
  const foot = footerOf(Buffer.from(head, 'latin1')).toString('latin1');
  return parts.map((_, i) => {
    const own = sections.filter((_, at) => at % parts.length === i);
    // The end of the whole text is in the last of them.
    const end = i === parts.length - 1 ? '' : foot;
    return Buffer.from([head, ...own, end].join(''), 'latin1');
  });
}

/** Divides such a text when all of it has come. It begins no part where that is not safe. */
export class Splitter extends Divider {
  readonly #parts: readonly PartPlan[];
  readonly #begin: BeginPart;
  #held: Buffer[] = [];
  #bytes = 0;

  constructor(parts: readonly PartPlan[], begin: BeginPart) {
    super();
    this.#parts = parts;
    this.#begin = begin;
  }

  protected override take(chunk: Buffer): Promise<void> {
    this.#bytes += chunk.length;
    // Nothing can be taken apart then.
    if (this.#bytes > mostHeld) this.#held = [];
    else this.#held.push(Buffer.from(chunk));
    return Promise.resolve();
  }

  protected override async finish(): Promise<void> {
    const texts = takenApart(Buffer.concat(this.#held), this.#parts) ?? [];
    for (const [i, part] of this.#parts.entries()) {
      const text = texts[i];
      if (!text) return;
      this.text?.end();
      this.text = new PartText();
      await this.#begin(part, this.text);
      await this.text.put(text);
    }
  }
}
