import { createHash } from 'node:crypto';
import { Readable, type Transform } from 'node:stream';
import { pipeline as connect } from 'node:stream/promises';
import { StillpointError } from '../errors.js';
import { failureOf, start, type Child, type Command } from '../util/command.js';
import { DumpText, type Expected } from './dumpText.js';
import { spooled, type SpoolSpace } from './spool.js';

/** Text that a program makes, and what it must hold to count as whole. */
export interface DumpSource {
  command: Command;
  expected: readonly Expected[];
}

/** One part on its way: where its text comes from, and what it goes through. */
export interface PartFlow {
  /** For messages: `rows of shop.orders`. */
  title: string;
  source: DumpSource | { text: string };
  /** Changes the text on its way to the filters. */
  mend?: Transform | null;
  /** Programs the text is piped through, e.g. zstd and age. */
  filters: readonly Command[];
  spool: SpoolSpace;
  /** Takes the bytes to be stored; settles once they are safe, with how many there are. */
  sink: (body: Readable) => Promise<{ bytes: number }>;
  signal: AbortSignal;
  /** Called with every piece that goes to the sink: bytes so far. */
  onBytes?: (plain: number, stored: number) => void;
}

export interface StoredPart {
  plainBytes: number;
  storedBytes: number;
  /** Of the stored bytes, hex. */
  sha256: string;
  /** What mysqldump warned of. */
  warnings: string[];
}

/**
 * Runs `dump | filters… | sink`. The end of the bytes reaches the sink only once mysqldump has exited
 * with 0, its trailer and every expected object were seen, its stderr was clean, and the filters have
 * exited with 0: a dump that died looks like one that ended (its stdout just closes), and must never
 * be stored as one. On any failure every child is killed and waited for, and the sink's stream fails.
 */
export async function runFlow(flow: PartFlow): Promise<StoredPart> {
  const { title, signal } = flow;
  signal.throwIfAborted();
  const children: Child[] = [];
  const run = (command: Command): Child => {
    const child = start(command);
    children.push(child);
    return child;
  };
  const kill = () => children.forEach((child) => child.kill());
  signal.addEventListener('abort', kill, { once: true });

  const warnings: string[] = [];
  const { source } = flow;
  const dump = 'command' in source ? run(source.command) : null;
  const text: DumpText = new DumpText(async () => {
    if (dump && 'command' in source) {
      warnings.push(...(await judge(title, dump, text, source.expected)));
    }
  });
  dump?.stdin.end();
  const filters = flow.filters.map(run);
  const sql = flow.mend ?? text;
  const stages = [sql, ...filters.map((child) => child.stdout)];
  const links = Promise.all([
    connect(
      dump?.stdout ?? Readable.from([Buffer.from('text' in source ? source.text : '')]),
      text,
    ),
    ...(flow.mend ? [connect(text, flow.mend)] : []),
    ...filters.map((child, i) => connect(stages[i] ?? sql, child.stdin)),
  ]);
  links.catch(() => undefined);
  const hash = createHash('sha256');
  let storedBytes = 0;

  /** Counts and hashes, and passes on the end only when all that came before ended well. */
  async function* sealed(): AsyncGenerator<Buffer> {
    for await (const chunk of (stages.at(-1) ?? sql) as AsyncIterable<Buffer>) {
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
    await Promise.allSettled(children.map((child) => child.ended));
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', kill);
  }
  return { plainBytes: text.bytes, storedBytes, sha256: hash.digest('hex'), warnings };
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

function broken(title: string, why: string): StillpointError {
  return new StillpointError('failed', `the dump of ${title} failed: ${why}`, {
    hint: 'Nothing was listed. `stillpoint doctor` checks grants, views and tools.',
  });
}
