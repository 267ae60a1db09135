import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { checkedBytes, runLoad } from '../../../src/restore/load.js';
import { ownFolder } from '../util/folder.js';
import { inPieces, pieceSizes } from '../util/pieces.js';

const sumOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const bytes = fc.uint8Array({ minLength: 1, maxLength: 500 }).map((array) => Buffer.from(array));

/** What comes of `stored`, where the manifest knows `meant`. */
async function check(stored: Buffer, meant: Buffer, sizes: readonly number[] = [10]) {
  const counted: number[] = [];
  const out: Buffer[] = [];
  let error: unknown = null;
  try {
    for await (const piece of checkedBytes({
      title: 'data/shop.sql.zst',
      body: Readable.from(inPieces(stored, sizes)),
      bytes: meant.length,
      sha256: sumOf(meant),
      onBytes: (count) => counted.push(count),
    }))
      out.push(piece);
  } catch (thrown) {
    error = thrown;
  }
  return { out: Buffer.concat(out), error, counted: counted.reduce((a, b) => a + b, 0) };
}

const damaged = (why: RegExp) => ({
  code: 'verification',
  message: expect.stringMatching(why) as string,
  hint: expect.stringContaining('stillpoint list') as string,
});

describe('the stored bytes', () => {
  test('come as they are, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, pieceSizes, async (stored, sizes) => {
        const { out, error, counted } = await check(stored, stored, sizes);
        expect(error).toBeNull();
        expect(out.equals(stored)).toBe(true);
        expect(counted).toBe(stored.length);
      }),
    );
  });

  test('may be none', async () => {
    const { out, error } = await check(Buffer.alloc(0), Buffer.alloc(0));
    expect(error).toBeNull();
    expect(out).toHaveLength(0);
  });

  test('come without their last chunk when any bit was changed', async () => {
    await fc.assert(
      fc.asyncProperty(
        bytes,
        pieceSizes,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (meant, sizes, where, flip) => {
          const stored = Buffer.from(meant);
          stored[where % stored.length]! ^= flip;
          const { out, error } = await check(stored, meant, sizes);
          expect(error).toMatchObject(
            damaged(/^data\/shop.sql.zst is damaged: its SHA-256 differs$/),
          );
          expect(out.length).toBe(stored.length - inPieces(stored, sizes).at(-1)!.length);
        },
      ),
    );
  });

  test.each([
    ['cut', 95],
    ['cut at the end of a chunk', 90],
    ['gone', 0],
  ])('come without their last chunk when they are %s', async (_, length) => {
    const meant = Buffer.alloc(100, 'x');
    const { out, error } = await check(meant.subarray(0, length), meant);
    expect(error).toMatchObject(
      damaged(new RegExp(`it has ${length} bytes, the manifest says 100$`)),
    );
    expect(out.length).toBeLessThan(Math.max(1, length));
  });

  test('that go on are damaged too', async () => {
    const meant = Buffer.alloc(100, 'x');
    const { out, error } = await check(Buffer.concat([meant, Buffer.from('x')]), meant);
    expect(error).toMatchObject(damaged(/it has 101 bytes, the manifest says 100$/));
    expect(out).toHaveLength(100);
  });

  test('pass on what the store throws', async () => {
    const lost = new Error('lost');
    const body = new Readable({ read: () => void body.destroy(lost) });
    const reading = checkedBytes({ title: 'x', body, bytes: 1, sha256: '' });
    await expect(reading.next()).rejects.toBe(lost);
  });
});

describe('a filter that dies after some of the SQL', () => {
  // The client runs what it has of the last statement when it meets the end of its input.
  test.each([
    ['straight into the client', []],
    ['through a stage', [new PassThrough()]],
  ])('shows the client no end of its input: %s', async (_, stages) => {
    const folder = await ownFolder();
    const met = join(folder, 'met-the-end');
    const stored = Buffer.from('INSERT INTO orders VALUES (1);\n');
    const run = runLoad({
      title: 'data/shop.sql.zst',
      body: Readable.from([stored]),
      bytes: stored.length,
      sha256: sumOf(stored),
      filters: [{ file: 'sh', args: ['-c', 'cat; exit 3'] }],
      stages,
      client: { file: 'sh', args: ['-c', 'cat > /dev/null; touch "$1"', 'sh', met] },
      signal: new AbortController().signal,
    });
    await expect(run).rejects.toThrow('cannot read data/shop.sql.zst: sh ended with 3');
    expect(existsSync(met)).toBe(false);
  });

  test('not when the client was the first to die: its own words count', async () => {
    const stored = Buffer.alloc(1 << 20, 'x');
    const run = runLoad({
      title: 'data/shop.sql.zst',
      body: Readable.from([stored]),
      bytes: stored.length,
      sha256: sumOf(stored),
      filters: [{ file: 'cat', args: [] }],
      stages: [],
      client: { file: 'sh', args: ['-c', 'echo ERROR 1064 >&2; exit 1'] },
      signal: new AbortController().signal,
    });
    await expect(run).rejects.toThrow('cannot load data/shop.sql.zst: sh ended with 1: ERROR 1064');
  });
});
