import { createHash } from 'node:crypto';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { asError, StillpointError } from '../errors.js';
import { failureOf, start, type Command } from '../util/command.js';

/** One stored part on its way into a server. */
export interface LoadFlow {
  /** For messages: the part's key. */
  title: string;
  body: Readable;
  /** Size of what is stored. */
  bytes: number;
  /** Of the stored bytes. */
  sha256: string;
  /** Programs that make SQL of the stored bytes: age and zstd. */
  filters: readonly Command[];
  /** What changes the SQL, or lets only some of it through. */
  stages: readonly Transform[];
  /** The client that runs the SQL. */
  client: Command;
  signal: AbortSignal;
  /** Called with the size of every piece that was read. */
  onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * Runs `body | filters… | client`, checking size and SHA-256 of the stored bytes on the way. When
 * anything fails the client is killed before it sees an end: a client that meets the end of its input
 * runs what it has of the last statement. SQL that nothing is changed in goes from the last filter
 * straight into the client. Returns what the client said on stderr.
 */
export async function runLoad(flow: LoadFlow): Promise<string> {
  const { signal, title } = flow;
  signal.throwIfAborted();
  const client = start(flow.client);
  const straight = flow.stages.length === 0 ? client : undefined;
  const filters = flow.filters.map((filter, i) =>
    start(filter, i === flow.filters.length - 1 ? straight : undefined),
  );
  const kill = () => [...filters, client].forEach((child) => child.kill());
  signal.addEventListener('abort', kill, { once: true });

  const input = Readable.from(checkedBytes(flow), { objectMode: false });
  const stages = [input, ...filters.map((child) => child.stdout)];
  const links = Promise.all(
    filters.map((child, i) => pipeline(stages[i] ?? input, child.stdin)),
  ).then(succeeded, asError);

  async function* sealedSql(): AsyncGenerator<Buffer> {
    try {
      yield* (stages.at(-1) ?? input) as AsyncIterable<Buffer>;
      const broken = await links;
      if (broken instanceof StillpointError) throw broken;
      for (const child of filters) {
        const failure = failureOf(child.name, await child.ended);
        if (failure !== null) throw unreadable(title, failure);
      }
      if (broken !== null) throw broken;
    } catch (error) {
      client.kill();
      throw error;
    }
  }

  try {
    client.stdout.resume();
    const sql = Readable.from(sealedSql(), { objectMode: false });
    const fed = await pipeline([sql, ...flow.stages, client.stdin]).then(succeeded, asError);
    const ended = await client.ended;
    signal.throwIfAborted();
    // Not killed by us: it ended by itself, and the filter that wrote into it could not go on.
    const isFirst = ended.status !== null && ended.status !== 0;
    if (fed instanceof StillpointError && (!isFirst || fed.code === 'verification')) throw fed;
    const failure = failureOf(client.name, ended);
    if (failure !== null) throw refusedSql(title, failure);
    if (fed !== null) throw fed;
    return ended.stderr;
  } finally {
    kill();
    flow.body.destroy();
    await Promise.allSettled([...filters, client].map((child) => child.ended));
    signal.removeEventListener('abort', kill);
  }
}

const succeeded = () => null;
/** The stored bytes as they come; the last piece only once size and SHA-256 fit. */
export async function* checkedBytes(
  flow: Pick<LoadFlow, 'title' | 'body' | 'bytes' | 'sha256' | 'onBytes'>,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let bytes = 0;
  let held: Buffer | null = null;
  for await (const chunk of flow.body as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    flow.onBytes?.(chunk.length);
    if (held) yield held;
    held = chunk;
  }
  if (bytes !== flow.bytes) {
    throw damaged(flow.title, `it has ${bytes} bytes, the manifest says ${flow.bytes}`);
  }
  if (hash.digest('hex') !== flow.sha256) throw damaged(flow.title, 'its SHA-256 differs');
  if (held) yield held;
}

function damaged(title: string, why: string): StillpointError {
  return new StillpointError('verification', `${title} is damaged: ${why}`, {
    hint: 'Restore another backup; `stillpoint list` shows them, `stillpoint verify ID` checks one.',
  });
}

/** The error of a part that does not become SQL again. */
export function unreadable(title: string, why: string): StillpointError {
  const hint = why.startsWith('age')
    ? 'Is this the identity that the backup was encrypted for? Name it with --identity FILE or drill.identityFile.'
    : '`stillpoint verify ID` checks the whole backup.';
  return new StillpointError('failed', `cannot read ${title}: ${why}`, { hint });
}

/** The error of a part whose SQL the server did not take. */
export function refusedSql(title: string, why: string): StillpointError {
  return new StillpointError('failed', `cannot load ${title}: ${why}`, {
    hint: 'What was loaded before stays in the target. Mend the cause and run the same command again: it goes on from there.',
  });
}
