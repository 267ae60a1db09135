import { createHash } from 'node:crypto';
import { Readable, type Transform } from 'node:stream';
import { pipeline as connect } from 'node:stream/promises';
import { StillpointError } from '../errors.js';
import { failureOf, start, type Child, type Command } from '../util/command.js';
import { DumpText, type Expected } from './dumpText.js';
import { peek, smallText } from './smallFrame.js';
import { spooled, type SpoolSpace } from './spool.js';

/** Text that a program makes, and what it must hold to count as whole. */
export interface DumpSource {
  command: Command;
  expected: readonly Expected[];
}

/** SQL on its way to the store, and how much of it there was. */
export type CountedText = Readable & { readonly bytes: number };

/** A text on its way: what it goes through, and where to. */
export interface TextFlow {
  /** For messages: `rows of shop.orders`. */
  title: string;
  /** Changes the text on its way to the filters. */
  mend?: Transform | null;
  /** Programs the text is piped through, e.g. zstd and age. */
  filters: readonly Command[];
  /** Does to a whole small text what the first of the programs does; null where none is expected. */
  small?: ((text: Buffer) => Buffer) | null;
  spool: SpoolSpace;
  /** Takes the bytes to be stored; settles once they are safe, with how many there are. */
  sink: (body: Readable) => Promise<{ bytes: number }>;
  signal: AbortSignal;
  /** Called with every piece that goes to the sink: bytes so far. */
  onBytes?: (plain: number, stored: number) => void;
}

/** One part on its way: where its text comes from, and what it goes through. */
export interface PartFlow extends TextFlow {
  source: DumpSource | { text: string };
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
   * were seen and its stderr was clean; else it fails. Read it at once.
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
  const child = start(command);
  const warnings: string[] = [];
  const text: DumpText = new DumpText(async () => {
    warnings.push(...(await judge(title, child, text, expected)));
  });
  child.stdin.end();
  connect(child.stdout, text).catch(() => undefined);
  let isOver = false;
  const over = () => (isOver = true);
  child.ended.then(over, over);
  return {
    text,
    warnings,
    ended: child.ended,
    hasEnded: () => isOver,
    hasBegun: () => text.begun,
    kill: () => child.kill(),
  };
}

/**
 * Runs `dump | filters… | sink`. On any failure every child is killed and waited for, and the sink's
 * stream fails.
 */
export async function runFlow(flow: PartFlow): Promise<StoredPart> {
  const { source, signal } = flow;
  signal.throwIfAborted();
  if (!('command' in source)) {
    const text = Object.assign(Readable.from([Buffer.from(source.text)]), {
      bytes: Buffer.byteLength(source.text),
    });
    return { ...(await storeText(text, flow)), warnings: [] };
  }
  const dump = startDump(flow.title, source);
  try {
    return { ...(await storeText(dump.text, flow)), warnings: dump.warnings };
  } finally {
    dump.kill();
    await dump.ended.catch(() => undefined);
  }
}

/**
 * Runs `text | filters… | sink`. The end of the bytes reaches the sink only once the text has ended well
 * and the filters have exited with 0. On any failure the filters are killed and waited for, and the text
 * and the sink's stream fail.
 */
export async function storeText(text: CountedText, flow: TextFlow): Promise<StoredText> {
  const { title, signal, mend } = flow;
  const filters: Child[] = [];
  const kill = () => {
    filters.forEach((child) => child.kill());
    text.destroy();
  };
  if (signal.aborted) kill();
  signal.addEventListener('abort', kill, { once: true });
  const mended = mend ? connect(text, mend) : Promise.resolve();
  mended.catch(() => undefined);
  const hash = createHash('sha256');
  let storedBytes = 0;

  /** Counts and hashes, and passes on the end only when all that came before ended well. */
  async function* sealed(): AsyncGenerator<Buffer> {
    const { input, commands } = await beginningOf(mend ?? text, flow);
    signal.throwIfAborted();
    filters.push(...commands.map((command) => start(command)));
    const stages = [input, ...filters.map((child) => child.stdout)];
    const links = Promise.all(filters.map((child, i) => connect(stages[i] ?? input, child.stdin)));
    links.catch(() => undefined);
    for await (const chunk of (stages.at(-1) ?? input) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      storedBytes += chunk.length;
      flow.onBytes?.(text.bytes, storedBytes);
      yield chunk;
    }
    // A filter that died breaks the links, so it is asked first.
    for (const child of filters) {
      const failure = failureOf(child.name, await child.ended);
      if (failure !== null) throw broken(title, failure);
    }
    await links;
    await mended;
    if (storedBytes === 0) throw broken(title, 'nothing was left to store');
  }

  const body = spooled(sealed(), flow.spool);
  body.on('error', () => undefined);
  try {
    const { bytes } = await flow.sink(body);
    if (bytes !== storedBytes) {
      throw broken(title, `${storedBytes} bytes were sent, the store has ${bytes}`);
    }
  } catch (error) {
    body.destroy();
    kill();
    await Promise.allSettled(filters.map((child) => child.ended));
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', kill);
  }
  return { plainBytes: text.bytes, storedBytes, sha256: hash.digest('hex') };
}

/** What the filters get, and which of them are left to do: a small text needs no process for the first. */
async function beginningOf(
  sql: Readable,
  { filters, small }: TextFlow,
): Promise<{ input: Readable; commands: readonly Command[] }> {
  if (!small) return { input: sql, commands: filters };
  const text = await peek(sql, smallText);
  return 'whole' in text
    ? { input: Readable.from([small(text.whole)]), commands: filters.slice(1) }
    : { input: Readable.from(text.longer, { objectMode: false }), commands: filters };
}

/** Throws unless a dump ended well in every respect; returns what it warned of. */
async function judge(
  title: string,
  dump: Child,
  text: DumpText,
  expected: readonly Expected[],
): Promise<string[]> {
  const ended = await dump.ended;
  const failure = failureOf(dump.name, ended);
  if (failure !== null) throw broken(title, failure);
  const notes = ended.stderr.split('\n').filter((line) => line !== '');
  const error = notes.find((line) => !isWarning(line));
  if (error !== undefined) throw broken(title, `${dump.name} ended with 0 but said: ${error}`);
  if (!text.complete) throw broken(title, `${dump.name} ended with 0 but without its last line`);
  const [lost] = text.missing(expected);
  if (lost) {
    throw broken(title, `${dump.name} ended with 0 but left out the ${lost.kind} ${lost.name}`);
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
