import type { Lent } from '../../util/lent.js';
import { chunksOf } from '../body.js';

/** What S3 allows: parts of an upload. */
export const mostParts = 10_000;
const largestPart = 5 * 1024 ** 3;

/**
 * Bytes of part `number` (from 1) of an upload that is thought to have `estimate` bytes.
 *
 * The first 4,500 parts have one size: `partSize`, or what the estimated size comes to in 9,000 parts
 * if that is more. After them it doubles every 550 parts. So every stream of up to 5 TiB, the most an
 * object may have, fits in 10,000 parts, whatever was thought of its size, and parts stay at 5 MiB
 * for 22 GiB. Larger ones cost memory: a part is buffered until it is stored.
 */
export function partBytes(number: number, partSize: number, estimate = 0): number {
  const first = Math.max(partSize, Math.ceil(estimate / 9000));
  const doublings = Math.max(0, Math.ceil((number - 4500) / 550));
  return Math.min(first * 2 ** doublings, largestPart);
}

/** A stream that is taken part by part. */
export interface Cutter {
  /** The next `size` bytes; fewer only at the end. */
  next: (size: number) => Promise<Buffer>;
  /** Gives the memory of a part back once nobody needs its bytes: left to the garbage collector, four uploads at once took 340 MB in place of 200. */
  done: (part: Buffer) => void;
}

// Most objects are small; a buffer of a whole part for each would keep the garbage collector busy.
const smallest = 64 * 1024;

/** Cuts a stream into parts. `free`: memory of parts that nobody needs any more, of this stream and of others. */
export function cutter(stream: Lent, free: ArrayBufferLike[] = []): Cutter {
  const chunks = chunksOf(stream);
  let rest: Buffer = Buffer.alloc(0);
  let isFirst = true;

  const bufferOf = (size: number): Buffer => {
    const memory = free.pop();
    return memory?.byteLength === size ? Buffer.from(memory) : Buffer.allocUnsafeSlow(size);
  };

  return {
    async next(size) {
      let part = isFirst ? Buffer.allocUnsafeSlow(Math.min(size, smallest)) : bufferOf(size);
      isFirst = false;
      let filled = 0;
      while (filled < size) {
        if (rest.length === 0) {
          const chunk = await chunks.next();
          if (chunk.done === true) break;
          rest = chunk.value;
        }
        if (filled + rest.length > part.length && part.length < size) {
          const start = part.subarray(0, filled);
          part = bufferOf(size);
          part.set(start);
        }
        const copied = rest.copy(part, filled);
        filled += copied;
        rest = rest.subarray(copied);
      }
      return part.subarray(0, filled);
    },
    done: (part) => void free.push(part.buffer),
  };
}
