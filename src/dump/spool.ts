import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf, StillpointError } from '../errors.js';
import type { Body, Lent } from '../util/lent.js';

/** Room that all parts of a run share. */
export interface SpoolSpace {
  folder: string;
  /** Bytes that each part may hold in memory. */
  memory: number;
  /** Bytes that the run may still hold in memory. */
  memoryLeft: number;
  /** Bytes that the run may still put on disk. Without any room a part still holds a chunk in memory. */
  diskLeft: number;
}

/** Read from disk in pieces of this size. */
const piece = 1 << 20;
/** Memory that is used again has this size. */
const blockBytes = 256 * 1024;

/**
 * Goes on taking bytes from `source` while whoever reads the result stalls: first into memory, then
 * into an unlinked file. A server gives up on a dump whose reader stalls for a minute
 * (net_write_timeout); a store may stall for longer. When both are full the source is held back like
 * by any other stream. Throws what the source throws. Reading the source begins with the call.
 */
export function spooled(source: Lent, space: SpoolSpace): Body {
  const queue = new Queue(space);
  const pump = (async () => {
    for await (const chunk of source) await queue.put(chunk);
  })().then(
    () => queue.end(),
    (error: unknown) => queue.end(error),
  );
  const destroy = (error?: unknown) => {
    queue.abandon(error);
    void pump.then(() => queue.close());
  };
  return {
    destroy,
    async *[Symbol.asyncIterator]() {
      try {
        for (let chunk = await queue.take(); chunk; chunk = await queue.take()) yield chunk;
      } finally {
        destroy();
      }
    },
  };
}

/** Bytes in memory. */
interface Block {
  memory: Buffer;
  bytes: number;
}

/** Bytes in order: those in memory are older than those in the file. */
class Queue {
  readonly #space: SpoolSpace;
  readonly #memory: Block[] = [];
  #memoryBytes = 0;
  /** Memory that nobody needs any more. */
  readonly #free: Buffer[] = [];
  #isFirst = true;
  /** What the reader has. */
  #lent: Block | null = null;
  #file: FileHandle | null = null;
  #readAt = 0;
  #writtenTo = 0;
  #writing = false;
  #ended: { error?: unknown } | null = null;
  #abandoned: { error: unknown } | null = null;
  #wake: () => void = () => undefined;
  #changed = new Promise<void>((resolve) => (this.#wake = resolve));

  constructor(space: SpoolSpace) {
    this.#space = space;
  }

  async put(chunk: Buffer): Promise<void> {
    for (;;) {
      if (this.#abandoned) throw this.#abandoned.error;
      const fileEmpty = this.#writtenTo === this.#readAt;
      const { memory, memoryLeft } = this.#space;
      const fits = this.#memoryBytes + chunk.length <= memory && chunk.length <= memoryLeft;
      const hasDisk = chunk.length <= this.#space.diskLeft;
      if (fileEmpty && (fits || (!hasDisk && this.#memoryBytes === 0))) {
        this.#toMemory(chunk);
        break;
      }
      if (hasDisk) {
        await this.#toFile(chunk);
        break;
      }
      await this.#changed;
    }
    this.#tell();
  }

  /** The oldest bytes, good until this is called again; null at the end. */
  async take(): Promise<Buffer | null> {
    if (this.#lent) this.#free.push(this.#lent.memory);
    this.#lent = null;
    for (;;) {
      if (this.#abandoned) throw this.#abandoned.error;
      const block = this.#memory.shift();
      if (block) {
        this.#lent = block;
        this.#hold(-block.bytes);
        this.#tell();
        return block.memory.subarray(0, block.bytes);
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

  abandon(error: unknown): void {
    const gone = () => new StillpointError('failed', 'the reader of the spool is gone');
    this.#abandoned ??= { error: error ?? gone() };
    this.#tell();
  }

  async close(): Promise<void> {
    this.#memory.length = 0;
    this.#hold(-this.#memoryBytes);
    this.#space.diskLeft += this.#writtenTo;
    this.#writtenTo = this.#readAt = 0;
    await this.#file?.close();
    this.#file = null;
  }

  #hold(bytes: number): void {
    this.#memoryBytes += bytes;
    this.#space.memoryLeft -= bytes;
  }

  #toMemory(chunk: Buffer): void {
    this.#hold(chunk.length);
    for (let from = 0; from < chunk.length;) {
      const last = this.#memory.at(-1);
      const block = last && last.bytes < last.memory.length ? last : this.#nextBlock(chunk.length);
      const copied = chunk.copy(block.memory, block.bytes, from);
      block.bytes += copied;
      from += copied;
    }
  }

  /** A part of a few bytes gets no more than those. */
  #nextBlock(bytes: number): Block {
    const size = this.#isFirst ? Math.min(bytes, blockBytes) : blockBytes;
    this.#isFirst = false;
    const free = this.#free.pop();
    const memory = free?.length === blockBytes ? free : Buffer.allocUnsafeSlow(size);
    const block = { memory, bytes: 0 };
    this.#memory.push(block);
    return block;
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
