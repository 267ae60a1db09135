import type { Lent } from '../util/lent.js';

/** The text of one part, counted. It is handed over: whoever puts a piece waits until the reader has done with it. */
export class PartText implements Lent {
  bytes = 0;
  #piece: Buffer | null = null;
  #over: { error?: unknown } | null = null;
  #left = false;
  /** Called when there is something to read. */
  #wake = (): void => undefined;
  /** Called when the reader has done with the piece. */
  #taken = (): void => undefined;

  /** Settles when the reader has done with the piece; throws when there is no reader any more. */
  async put(piece: Buffer): Promise<void> {
    if (piece.length === 0) return;
    this.bytes += piece.length;
    if (!this.#left) {
      await new Promise<void>((resolve) => {
        this.#taken = resolve;
        this.#piece = piece;
        this.#wake();
      });
    }
    if (this.#left) throw new Error('nobody reads the part any more');
  }

  end(): void {
    this.#over ??= {};
    this.#wake();
  }

  /** There is no reader, or it wants no more. */
  abandon(): void {
    this.#left = true;
    this.#taken();
  }

  /** The reader gets the error in place of more. */
  destroy(error: unknown): void {
    this.#over = { error };
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        while (!this.#piece && !this.#over) {
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
        if (this.#over && 'error' in this.#over) throw this.#over.error;
        if (!this.#piece) return;
        yield this.#piece;
        this.#piece = null;
        this.#taken();
      }
    } finally {
      this.abandon();
    }
  }
}

/** `SET @OLD_TIME_ZONE=@@TIME_ZONE` of the head, which the end takes back. */
const kept = /^(\/\*M?!\d+) SET @OLD_(\w+)=@@(\w+)/;

/** With --no-autocommit, as older and newer versions write it; some of mariadb-dump take it for granted. */
const withoutCommit = /\bautocommit\s*=\s*0;$/im;

/** What mysqldump would write at the end of a text with this head; for a part that is not the last of it. */
export function footerOf(head: Buffer): Buffer {
  const text = head.toString('latin1');
  const commit = withoutCommit.test(text) ? 'commit;\n' : '';
  const settings = text
    .split('\n')
    .map((line) => kept.exec(line))
    .filter((found) => found !== null)
    .map(([, open = '', old = '', name = '']) => `${open} SET ${name}=@OLD_${old} */;\n`);
  return Buffer.from(`${commit}\n${settings.reverse().join('')}\n-- Dump completed\n`);
}
