import { Readable } from 'node:stream';
import { asError } from '../errors.js';
import type { Body, Lent } from '../util/lent.js';

/**
 * Reads a body to its end by `use`, and owns it meanwhile: when `use` throws or `signal` fires, the
 * body is destroyed with that very error, so that whoever fills it stops too and the caller gets the
 * first cause unchanged. A stream that closes without an end counts as an error (Node's
 * ERR_STREAM_PREMATURE_CLOSE), never as a short object.
 */
export async function withBody<T>(
  body: Body | Buffer,
  signal: AbortSignal | undefined,
  use: (stream: Body) => Promise<T>,
): Promise<T> {
  const stream = Buffer.isBuffer(body) ? Readable.from([body], { objectMode: false }) : body;
  const stop = (): void => void stream.destroy(asError(signal?.reason));
  // Errors reach us through the iteration.
  if (stream instanceof Readable) unheard(stream);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    signal?.throwIfAborted();
    return await use(stream);
  } catch (error) {
    stream.destroy(asError(error));
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** The body's bytes, chunk by chunk, whatever its encoding. */
export async function* chunksOf(body: Lent): AsyncGenerator<Buffer> {
  for await (const chunk of body as AsyncIterable<Buffer | string>) {
    yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  }
}

/** The bytes of a whole stream; throws, and destroys it, when there are more than `most`. */
export async function bytesOf(stream: Readable, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(stream)) {
    bytes += chunk.length;
    if (bytes > most) throw new Error(`there are more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * A stream whose error may come before anyone reads it, as when a read is ended that is only to begin:
 * it fails the reader, once there is one, and not the process.
 */
export function unheard(stream: Readable): Readable {
  return stream.on('error', () => undefined);
}
