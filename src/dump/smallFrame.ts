import type { Lent } from '../util/lent.js';

/** Longer texts are worth a process that compresses them. */
export const smallText = 16 * 1024;

const headBytes = 12;
/** Stored bytes of a small text. */
export const smallFrameBytes = headBytes + smallText;

/**
 * A small text as a zstd frame with one raw block (RFC 8878, 3.1.1), which every zstd decompresses. Starting zstd
 * takes 10 to 25 ms of this process's time, and a backup of many databases has thousands of small texts.
 */
export function smallFrame(text: Buffer): Buffer {
  if (text.length > smallText) throw new Error(`${text.length} bytes are no small text`);
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(0xfd2fb528, 0);
  // One segment, its size in four bytes, no checksum.
  head.writeUInt8(0b1010_0000, 4);
  head.writeUInt32LE(text.length, 5);
  // The last block, raw.
  head.writeUIntLE(text.length * 8 + 1, 9, 3);
  return Buffer.concat([head, text]);
}

/** The text of such a frame; null for whatever else is stored. */
export function smallTextOf(stored: Buffer): Buffer | null {
  const text = stored.subarray(headBytes);
  if (stored.length <= headBytes || text.length > smallText) return null;
  return stored.equals(smallFrame(text)) ? text : null;
}

/** The whole of a text, when it has no more than so many bytes, or else a text of the same bytes. */
export async function peek(
  text: Lent,
  most: number,
): Promise<{ whole: Buffer } | { longer: Lent }> {
  const source = text[Symbol.asyncIterator]();
  const pieces: Buffer[] = [];
  let bytes = 0;
  while (bytes <= most) {
    const next = await source.next();
    if (next.done) return { whole: Buffer.concat(pieces) };
    pieces.push(Buffer.from(next.value));
    bytes += next.value.length;
  }
  const longer = async function* () {
    yield* pieces;
    yield* { [Symbol.asyncIterator]: () => source };
  };
  return { longer: longer() };
}
