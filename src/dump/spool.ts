import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { reasonOf, StillpointError } from '../errors.js';

/** Room that all parts of a run share. */
export interface SpoolSpace {
  folder: string;
  /** Bytes that each part may hold in memory. */
  memory: number;
  /** Bytes that the run may still put on disk. */
  diskLeft: number;
}

/** Read from disk in pieces of this size. */
const piece = 1 << 20;

/**
 * Goes on taking bytes from `source` while whoever reads the result stalls: first into memory, then
 * into an unlinked file. A server gives up on a dump whose reader stalls for a minute
 * (net_write_timeout); a store may stall for longer. When both are full the source is held back like
 * by any other stream. Throws what the source throws. Reading the source begins with the call.
 */
export function spooled(source: AsyncIterable<Buffer>, space: SpoolSpace): Readable {
  const queue = new Queue(space);
  const pump = (async () => {
    for await (const chunk of source) await queue.put(chunk);
  })().then(
    () => queue.end(),
    (error: unknown) => queue.end(error),
  );
  return Readable.from(drain(queue), { objectMode: false, highWaterMark: piece }).once(
    'close',
    () => {
      queue.abandon();
      void pump.then(() => queue.close());
    },
  );
}

async function* drain(queue: Queue): AsyncGenerator<Buffer> {
  for (let chunk = await queue.take(); chunk; chunk = await queue.take()) yield chunk;
}

/** Bytes in order: those in memory are older than those in the file. */
class Queue {
  readonly #space: SpoolSpace;
  readonly #memory: Buffer[] = [];
  #memoryBytes = 0;
  #file: FileHandle | null = null;
  #readAt = 0;
  #writtenTo = 0;
  #writing = false;
  #ended: { error?: unknown } | null = null;
  #abandoned = false;
  #wake: () => void = () => undefined;
  #changed = new Promise<void>((resolve) => (this.#wake = resolve));

  constructor(space: SpoolSpace) {
    this.#space = space;
  }

  async put(chunk: Buffer): Promise<void> {
    for (;;) {
      if (this.#abandoned) throw new StillpointError('failed', 'the reader of the spool is gone');
      const fileEmpty = this.#writtenTo === this.#readAt;
      const fits = this.#memoryBytes + chunk.length <= this.#space.memory;
      if (fileEmpty && (fits || this.#memoryBytes === 0)) {
        this.#memory.push(chunk);
        this.#memoryBytes += chunk.length;
        break;
      }
      if (chunk.length <= this.#space.diskLeft) {
        await this.#toFile(chunk);
        break;
      }
      await this.#changed;
    }
    this.#tell();
  }

  /** The oldest bytes; null at the end. */
  async take(): Promise<Buffer | null> {
    for (;;) {
      const chunk = this.#memory.shift();
      if (chunk) {
        this.#memoryBytes -= chunk.length;
        this.#tell();
        return chunk;
      }
      if (this.#writtenTo > this.#readAt) return await this.#fromFile();
      if (this.#ended) {
        if ('error' in this.#ended) throw this.#ended.error;
        return null;
      }
      await this.#changed;
    }
  }

  end(error?: unknown): void {
    this.#ended = error === undefined ? {} : { error };
    this.#tell();
  }

  abandon(): void {
    this.#abandoned = true;
    this.#tell();
  }

  async close(): Promise<void> {
    this.#space.diskLeft += this.#writtenTo;
    this.#writtenTo = this.#readAt = 0;
    await this.#file?.close();
    this.#file = null;
  }

  async #toFile(chunk: Buffer): Promise<void> {
    this.#space.diskLeft -= chunk.length;
    this.#writing = true;
    try {
      this.#file ??= await unlinkedFile(this.#space.folder);
      for (let done = 0; done < chunk.length;) {
        const at = this.#writtenTo + done;
        done += (await this.#file.write(chunk, done, chunk.length - done, at)).bytesWritten;
      }
    } catch (error) {
      this.#space.diskLeft += chunk.length;
      throw new StillpointError(
        'failed',
        `cannot spool to ${this.#space.folder}: ${reasonOf(error)}`,
        {
          hint: 'Free some space there, or set dump.spool.path or dump.spool.disk.',
          cause: error,
        },
      );
    } finally {
      this.#writing = false;
    }
    this.#writtenTo += chunk.length;
  }

  async #fromFile(): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(Math.min(piece, this.#writtenTo - this.#readAt));
    const { bytesRead } = (await this.#file?.read(buffer, 0, buffer.length, this.#readAt)) ?? {
      bytesRead: 0,
    };
    this.#readAt += bytesRead;
    if (this.#readAt === this.#writtenTo && !this.#writing) {
      // Nothing waits in the file any more, nor is on its way there: begin it anew.
      this.#space.diskLeft += this.#writtenTo;
      this.#readAt = this.#writtenTo = 0;
    }
    this.#tell();
    return buffer.subarray(0, bytesRead);
  }

  #tell(): void {
    this.#wake();
    this.#changed = new Promise((resolve) => (this.#wake = resolve));
  }
}

/** A file without a name: it is gone with the process, whatever ends that. */
async function unlinkedFile(folder: string): Promise<FileHandle> {
  const own = await mkdtemp(join(folder, 'stillpoint-spool-'));
  try {
    return await open(join(own, 'part'), 'wx+', 0o600);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}
