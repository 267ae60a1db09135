import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { asError, StillpointError } from '../errors.js';
import { feed, startChain } from '../util/chain.js';
import type { Command } from '../util/command.js';
import type { Body, Lent, Step } from '../util/lent.js';
import { peek, smallText } from './smallFrame.js';
import { spooled, type SpoolSpace } from './spool.js';

/** SQL on its way to the store, and how much of it there was. */
export type CountedText = Lent & { readonly bytes: number };

/** A text on its way: what it goes through, and where to. */
export interface TextFlow {
  /** For messages: `rows of shop.orders`. */
  title: string;
  /** Changes the text on its way to the filters. */
  mend?: Step | null;
  /** Programs the text is piped through, e.g. zstd and age. */
  filters: readonly Command[];
  /** Does to a whole small text what the first of the programs does; null where none is expected. */
  small?: ((text: Buffer) => Buffer) | null;
  spool: SpoolSpace;
  /** Takes the bytes to be stored; settles once they are safe, with how many there are. */
  sink: (body: Body) => Promise<{ bytes: number }>;
  signal: AbortSignal;
  /** Called with every piece that goes to the sink: bytes so far. */
  onBytes?: (plain: number, stored: number) => void;
}

/** A text as it is stored. */
export interface StoredText {
  plainBytes: number;
  storedBytes: number;
  /** Of the stored bytes, hex. */
  sha256: string;
}

export interface StoredPart extends StoredText {
  /** What mysqldump warned of. */
  warnings: string[];
}

/** Text of our own as it goes to the store. */
export function counted(pieces: AsyncIterable<string> | Iterable<string>): CountedText {
  const text = {
    bytes: 0,
    async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
      for await (const piece of pieces) {
        const chunk = Buffer.from(piece);
        text.bytes += chunk.length;
        yield chunk;
      }
    },
  };
  return text;
}

/**
 * Runs `text | filters… | sink`. The end of the bytes reaches the sink only once the text has ended well
 * and the filters have exited with 0. On any failure the filters are killed and waited for, and the sink's
 * bytes fail. Whoever makes the text ends it, when this has failed or the signal has fired.
 */
export async function storeText(text: CountedText, flow: TextFlow): Promise<StoredText> {
  const { title, signal, mend } = flow;
  signal.throwIfAborted();
  let endFilters = async (): Promise<void> => Promise.resolve();
  const hash = createHash('sha256');
  let storedBytes = 0;

  const count = (chunk: Buffer): Buffer => {
    hash.update(chunk);
    storedBytes += chunk.length;
    flow.onBytes?.(text.bytes, storedBytes);
    return chunk;
  };

  /** Counts and hashes, and passes on the end only when all that came before ended well. */
  async function* sealed(): AsyncGenerator<Buffer> {
    const { input, commands } = await beginningOf(mend ? mend(text) : text, flow);
    const chain = await startChain(commands);
    if (chain) endFilters = chain.kill;
    try {
      signal.throwIfAborted();
      if (!chain) for await (const chunk of input) yield count(chunk);
      else {
        const fed = feed(input, chain.stdin);
        fed.catch(() => undefined);
        for await (const chunk of chain.output) yield count(chunk);
        // A filter that died ends the feeding, so it is asked first; and who writes into one that has died fails too.
        const failure = (await chain.failures()).at(-1);
        if (failure !== undefined) throw broken(title, failure);
        await fed;
      }
      if (storedBytes === 0) throw broken(title, 'nothing was left to store');
    } finally {
      await endFilters();
    }
  }

  const body = spooled(sealed(), flow.spool);
  const stop = () => {
    body.destroy(asError(signal.reason));
    void endFilters();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    const { bytes } = await flow.sink(body);
    if (bytes !== storedBytes) {
      throw broken(title, `${storedBytes} bytes were sent, the store has ${bytes}`);
    }
  } catch (error) {
    body.destroy(asError(error));
    await endFilters();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
  return { plainBytes: text.bytes, storedBytes, sha256: hash.digest('hex') };
}

/** What the filters get, and which of them are left to do: a small text needs no process for the first. */
async function beginningOf(
  sql: Lent,
  { filters, small }: TextFlow,
): Promise<{ input: Lent; commands: readonly Command[] }> {
  if (!small) return { input: sql, commands: filters };
  const text = await peek(sql, smallText);
  if ('longer' in text) return { input: text.longer, commands: filters };
  return { input: Readable.from([small(text.whole)]), commands: filters.slice(1) };
}

/** The error of a dump that is not to be kept. */
export function broken(title: string, why: string): StillpointError {
  return new StillpointError('failed', `the dump of ${title} failed: ${why}`, {
    hint: 'Nothing was listed. `stillpoint doctor` checks grants, views and tools.',
  });
}
