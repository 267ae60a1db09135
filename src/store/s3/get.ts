import { GetObjectCommand } from '@aws-sdk/client-s3';
import { addAbortSignal, Readable } from 'node:stream';
import { asError, StillpointError } from '../../errors.js';
import { chunksOf, unheard } from '../body.js';
import { isMissing, s3Failure } from './errors.js';
import { aimOf, call, placeOf, type Remote } from './remote.js';
import { pauseAfter } from './retry.js';

/**
 * The object's bytes as one stream over as many requests as it takes: where a connection breaks, or
 * is given up because the reader was busy for minutes, the rest is asked for from where the reader
 * is, of the same version of the object.
 */
export async function readObject(
  remote: Remote,
  key: string,
  signal?: AbortSignal,
): Promise<Readable> {
  const closed = new AbortController();
  const first = await request(remote, key, { signal });
  let body = first.body;
  let chunks = chunksOf(body);
  let read = 0;

  const next = async (): Promise<Buffer | null> => {
    for (let failures = 1; ; failures++) {
      try {
        const chunk = await chunks.next();
        if (chunk.done !== true) {
          read += chunk.value.length;
          return chunk.value;
        }
        if (read === first.size) return null;
        throw Object.assign(new Error('the answer ended early'), { code: 'ECONNRESET' });
      } catch (error) {
        closed.signal.throwIfAborted();
        const failure = s3Failure(error, aimOf(remote, 'read', key));
        await pauseAfter(remote.patience, failures, failure, closed.signal);
        ({ body } = await request(remote, key, { from: read, of: first, signal: closed.signal }));
        chunks = chunksOf(body);
      }
    }
  };

  const stream = new Readable({
    read() {
      next().then(
        (chunk) => this.push(chunk),
        (error: unknown) => this.destroy(asError(error)),
      );
    },
    destroy(error, done) {
      closed.abort();
      body.destroy();
      done(error);
    },
  });
  return unheard(signal ? addAbortSignal(signal, stream) : stream);
}

interface Answer {
  body: Readable;
  /** Bytes of the whole object. */
  size: number;
  etag: string | undefined;
}

async function request(
  remote: Remote,
  key: string,
  { from = 0, of, signal }: { from?: number; of?: Answer; signal: AbortSignal | undefined },
): Promise<Answer> {
  const rest = from > 0 ? { Range: `bytes=${from}-` } : {};
  const wanted = { ...placeOf(remote, key), ...rest, IfMatch: of?.etag };
  try {
    const answer = await call(remote, { action: 'read', key, signal }, (client, options) =>
      client.send(new GetObjectCommand(wanted), options),
    );
    const body = answer.Body as unknown as Readable;
    body.on('error', () => undefined);
    if (answer.ContentLength === undefined || (from > 0 && answer.ContentRange === undefined)) {
      body.destroy();
      throw new StillpointError('failed', `cannot read ${remote.url}/${key}: no length or range`, {
        hint: 'Something between this machine and the service changes its answers; go without it.',
      });
    }
    return { body, size: from + answer.ContentLength, etag: answer.ETag };
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new StillpointError('no-such-backup', `${remote.url}/${key} does not exist`, {
      cause: error,
    });
  }
}
