import fc from 'fast-check';
import { Readable, type Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

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

/** What comes out of a stream that the pieces went into. */
export async function through(stream: Transform, pieces: readonly Buffer[]): Promise<Buffer> {
  const [out] = await Promise.all([
    buffer(stream),
    pipeline(Readable.from(pieces, { objectMode: false }), stream),
  ]);
  return out;
}
