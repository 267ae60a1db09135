import { createHash } from 'node:crypto';
import { Readable, type Writable } from 'node:stream';
import { asError, StillpointError } from '../errors.js';
import {
  failureOf,
  start,
  startLent,
  type Child,
  type Command,
  type Ended,
  type LentChild,
} from '../util/command.js';
import type { Body, Lent } from '../util/lent.js';
import { DumpText, type Expected } from './dumpText.js';
import { peek, smallText } from './smallFrame.js';
import { spooled, type SpoolSpace } from './spool.js';

/** Text that a program makes, and what it must hold to count as whole. */
export interface DumpSource {
  command: Command;
  expected: readonly Expected[];
}

/** SQL on its way to the store, and how much of it there was. */
export type CountedText = Lent & { readonly bytes: number };

/** A text on its way: what it goes through, and where to. */
export interface TextFlow {
  /** For messages: `rows of shop.orders`. */
  title: string;
  /** Changes the text on its way to the filters. */
  mend?: ((text: Lent) => Lent) | null;
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

/** mysqldump at work. */
export interface RunningDump {
  /**
   * What it writes. It ends only once mysqldump has exited with 0, its trailer and every expected object
   * were seen and its stderr was clean; else it fails.
   */
  readonly text: CountedText;
  /** What mysqldump warned of; complete when the text has ended. */
  readonly warnings: string[];
  /** Settles when the program has exited, however. */
  readonly ended: Promise<unknown>;
  hasEnded(): boolean;
  /** Whether it has come so far in its text that its snapshot must be open. */
  hasBegun(): boolean;
  kill(): void;
}

/** Starts mysqldump. A dump that died looks like one that ended (its stdout just closes), so it is judged. */
export function startDump(title: string, { command, expected }: DumpSource): RunningDump {
  const started = startLent(command);
  const ended = started.then(async (child) => await child.ended);
  const warnings: string[] = [];
  const text: DumpText = new DumpText(outputOf(started), async () => {
    const { name } = await started;
    warnings.push(...judge(title, name, await ended, text, expected));
  });
  started.then(({ stdin }) => stdin.end()).catch(() => undefined);
  text.begin();
  let isOver = false;
  const over = () => (isOver = true);
  ended.then(over, over);
  return {
    text,
    warnings,
    ended,
    hasEnded: () => isOver,
    hasBegun: () => text.begun,
    kill: () => void started.then((child) => child.kill()).catch(() => undefined),
  };
}

async function* outputOf(started: Promise<LentChild>): AsyncGenerator<Buffer> {
  yield* (await started).output;
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
  let chain: Chain | null = null;
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
    chain = await startChain(commands);
    try {
      signal.throwIfAborted();
      if (!chain) for await (const chunk of input) yield count(chunk);
      else {
        const fed = feed(input, chain.stdin);
        fed.catch(() => undefined);
        for await (const chunk of chain.output) yield count(chunk);
        // A filter that died ends the feeding, so it is asked first.
        const failure = await chain.failure();
        if (failure !== null) throw broken(title, failure);
        await fed;
      }
      if (storedBytes === 0) throw broken(title, 'nothing was left to store');
    } finally {
      await chain?.kill();
    }
  }

  const body = spooled(sealed(), flow.spool);
  const stop = () => {
    body.destroy(asError(signal.reason));
    void chain?.kill();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    const { bytes } = await flow.sink(body);
    if (bytes !== storedBytes) {
      throw broken(title, `${storedBytes} bytes were sent, the store has ${bytes}`);
    }
  } catch (error) {
    body.destroy(asError(error));
    await (chain as Chain | null)?.kill();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
  return { plainBytes: text.bytes, storedBytes, sha256: hash.digest('hex') };
}

/** Programs of which each writes into the next. */
interface Chain {
  stdin: Writable;
  output: Lent;
  /** How one of them ended badly; null when all have ended with 0. */
  failure(): Promise<string | null>;
  /** Settles when all have ended. */
  kill(): Promise<void>;
}

/** Null when there are none. */
async function startChain(commands: readonly Command[]): Promise<Chain | null> {
  const lastOfAll = commands.at(-1);
  if (!lastOfAll) return null;
  const last = await startLent(lastOfAll);
  const children: Pick<Child, 'name' | 'stdin' | 'ended' | 'kill'>[] = [last];
  let first: Pick<Child, 'stdin'> = last;
  for (const command of commands.slice(0, -1).reverse()) {
    const next = first;
    const child = start(command, next);
    const end = () => next.stdin.end();
    child.ended.then(end, end);
    children.unshift(child);
    first = child;
  }
  return {
    stdin: first.stdin,
    output: last.output,
    async failure() {
      const ends = await Promise.all(
        children.map(async ({ name, ended }) => ({ name, ...(await ended) })),
      );
      // Who writes into a program that has died fails, too.
      const failed = ends.reverse().find(({ status }) => status !== 0);
      return failed ? failureOf(failed.name, failed) : null;
    },
    async kill() {
      children.forEach((child) => child.kill());
      await Promise.allSettled(children.map(({ ended }) => ended));
    },
  };
}

/** Writes a text into a program; what has failed is not ended well. */
async function feed(text: Lent, into: Writable): Promise<void> {
  try {
    for await (const chunk of text) {
      await new Promise<void>((resolve, reject) => {
        into.write(chunk, (error) => (error ? reject(error) : resolve()));
      });
    }
    into.end();
  } catch (error) {
    into.destroy();
    throw error;
  }
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

/** Throws unless a dump ended well in every respect; returns what it warned of. */
function judge(
  title: string,
  name: string,
  ended: Ended,
  text: DumpText,
  expected: readonly Expected[],
): string[] {
  const failure = failureOf(name, ended);
  if (failure !== null) throw broken(title, failure);
  const notes = ended.stderr.split('\n').filter((line) => line !== '');
  const error = notes.find((line) => !isWarning(line));
  if (error !== undefined) throw broken(title, `${name} ended with 0 but said: ${error}`);
  if (!text.complete) throw broken(title, `${name} ended with 0 but without its last line`);
  const [lost] = text.missing(expected);
  if (lost) {
    throw broken(title, `${name} ended with 0 but left out the ${lost.kind} ${lost.name}`);
  }
  return notes;
}

/** Lines that mysqldump and mariadb-dump print on stderr without meaning a failure. */
function isWarning(line: string): boolean {
  return /\[Warning\]|^(mysqldump|mariadb-dump): Warning|^Warning:|^WARNING:|^-- Warning/i.test(
    line,
  );
}

/** The error of a dump that is not to be kept. */
export function broken(title: string, why: string): StillpointError {
  return new StillpointError('failed', `the dump of ${title} failed: ${why}`, {
    hint: 'Nothing was listed. `stillpoint doctor` checks grants, views and tools.',
  });
}
