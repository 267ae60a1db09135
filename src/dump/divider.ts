import type { Lent } from '../util/lent.js';
import type { PartText } from './partText.js';

/** Divides a text among the texts of parts, one after another. */
export abstract class Divider {
  /** The part that is being written; null before the first. When the whole fails, so does it. */
  protected text: PartText | null = null;

  protected abstract take(chunk: Buffer): Promise<void>;
  /** Nothing more will come; the last text is ended after this. */
  protected abstract finish(): Promise<void>;

  async divide(whole: Lent): Promise<void> {
    try {
      for await (const chunk of whole) await this.take(chunk);
      await this.finish();
      this.text?.end();
    } catch (error) {
      this.text?.destroy(error);
      throw error;
    }
  }
}
