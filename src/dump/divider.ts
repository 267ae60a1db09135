import { Writable } from 'node:stream';
import type { PartText } from './partText.js';

/** A stream that divides what is written to it among the texts of parts, one after another. */
export abstract class Divider extends Writable {
  /** The part that is being written; null before the first. When the whole fails, so does it. */
  protected text: PartText | null = null;

  constructor() {
    super({ highWaterMark: 1 << 20 });
  }

  protected abstract take(chunk: Buffer): Promise<void>;
  /** Nothing more will come; the last text is ended after this. */
  protected abstract finish(): Promise<void>;

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error) => void): void {
    settle(this.take(chunk), done);
  }

  override _final(done: (error?: Error) => void): void {
    settle(
      this.finish().then(() => void this.text?.end()),
      done,
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (error) this.text?.destroy(error);
    done(error);
  }
}

function settle(work: Promise<void>, done: (error?: Error) => void): void {
  work.then(
    () => done(),
    (error: unknown) => done(error as Error),
  );
}
