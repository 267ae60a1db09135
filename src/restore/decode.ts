import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { smallFrameBytes, smallTextOf } from '../dump/smallFrame.js';
import { asError, StillpointError } from '../errors.js';
import { feed, startChain } from '../util/chain.js';
import type { Command } from '../util/command.js';

/** One stored part on its way to SQL. */
export interface StoredSql {
  /** For messages: the part's key. */
  title: string;
  body: Readable;
  /** Size of what is stored. */
  bytes: number;
  /** Of the stored bytes. */
  sha256: string;
  /** Programs that make SQL of the stored bytes: age and zstd. */
  filters: readonly Command[];
  /** Called with the size of every piece that was read. */
  onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * The SQL of a stored part. It ends only when size and SHA-256 of the stored bytes were right and every filter has
 * ended with 0; else it fails, whatever has come before. Whoever stops to read ends the filters, too.
 */
export async function* decoded(stored: StoredSql): AsyncGenerator<Buffer, void> {
  const { title, body, filters } = stored;
  try {
    // A process for each small part would take longer than all the rest.
    const small = stored.bytes <= smallFrameBytes ? await buffer(checkedBytes(stored)) : null;
    const text = small && smallTextOf(small);
    if (text) {
      yield text;
      return;
    }
    const input = small ? Readable.from([small]) : checkedBytes(stored);
    const chain = await startChain(filters);
    if (!chain) {
      yield* input;
      return;
    }
    try {
      const fed = feed(input, chain.stdin).then(() => null, asError);
      yield* chain.output;
      // What reads from one that has died fails too, and what writes into it dies of that.
      const failures = await chain.failures();
      const failure =
        failures.find((one) => !/SIGPIPE|EPIPE|broken pipe/i.test(one)) ?? failures[0];
      if (failure !== undefined) body.destroy();
      const broken = await fed;
      if (broken instanceof StillpointError) throw broken;
      if (failure !== undefined) throw unreadable(title, failure);
      if (broken) throw broken;
    } finally {
      await chain.kill();
    }
  } finally {
    body.destroy();
  }
}

/** The stored bytes as they come; the last piece only once size and SHA-256 fit. */
export async function* checkedBytes(
  stored: Omit<StoredSql, 'filters'>,
): AsyncGenerator<Buffer, void> {
  const hash = createHash('sha256');
  let bytes = 0;
  let held: Buffer | null = null;
  for await (const chunk of stored.body as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    stored.onBytes?.(chunk.length);
    // Whoever reads may hold all of it in memory.
    if (bytes > stored.bytes) throw wrongSize(stored, 'more bytes');
    if (held) yield held;
    held = chunk;
  }
  if (bytes !== stored.bytes) throw wrongSize(stored, `${bytes} bytes`);
  if (hash.digest('hex') !== stored.sha256) throw damaged(stored.title, 'its SHA-256 differs');
  if (held) yield held;
}

function wrongSize({ title, bytes }: Pick<StoredSql, 'title' | 'bytes'>, has: string): Error {
  return damaged(title, `it has ${has}, the manifest says ${bytes}`);
}

function damaged(title: string, why: string): StillpointError {
  return new StillpointError('verification', `${title} is damaged: ${why}`, {
    hint: 'Restore another backup; `stillpoint list` shows them, `stillpoint verify ID` checks one.',
  });
}

/** The error of a part that does not become SQL again. */
function unreadable(title: string, why: string): StillpointError {
  const hint = why.startsWith('age')
    ? 'Is this the identity that the backup was encrypted for? Name it with --identity FILE or drill.identityFile.'
    : '`stillpoint verify ID` checks the whole backup.';
  return new StillpointError('failed', `cannot read ${title}: ${why}`, { hint });
}
