import fc from 'fast-check';
import type { Lent, Step } from '../../../src/util/lent.js';

/** Sizes of pieces, used in turn: small ones, so that every boundary falls somewhere. */
export const pieceSizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 });

/** The same bytes in pieces. */
export function inPieces(text: string | Buffer, sizes: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const pieces: Buffer[] = [];
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

/** Pieces on loan: each is overwritten as soon as the next is asked for. */
export async function* onLoan(
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    const memory = Buffer.from(piece);
    try {
      yield memory;
    } finally {
      memory.fill('!');
    }
  }
}

/** All bytes of a text that is lent. */
export async function read(text: Lent): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  for await (const chunk of text) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** What a step makes of pieces. */
export async function through(step: Step, pieces: readonly Buffer[]): Promise<Buffer> {
  return await read(step(onLoan(pieces)));
}
