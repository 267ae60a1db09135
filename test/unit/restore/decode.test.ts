import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { smallFrame } from '../../../src/dump/smallFrame.js';
import { checkedBytes, decoded } from '../../../src/restore/decode.js';
import { inPieces, pieceSizes, read } from '../util/pieces.js';

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
    const { out, error, counted } = await check(Buffer.alloc(1000, 'x'), meant);
    expect(error).toMatchObject(damaged(/it has more bytes, the manifest says 100$/));
    expect(out).toHaveLength(90);
    expect(counted).toBe(110);
  });

  test('pass on what the store throws', async () => {
    const lost = new Error('lost');
    const body = new Readable({ read: () => void body.destroy(lost) });
    const reading = checkedBytes({ title: 'x', body, bytes: 1, sha256: '' });
    await expect(reading.next()).rejects.toBe(lost);
  });
});

describe('the SQL of what is stored', () => {
  const stored = Buffer.from('INSERT INTO orders VALUES (1);\n');
  const of = (
    script: string,
    more: { body?: Readable; bytes?: number; sha256?: string; then?: string } = {},
  ) =>
    decoded({
      title: 'data/shop.sql.zst',
      body: Readable.from([stored]),
      bytes: stored.length,
      sha256: sumOf(stored),
      filters: [
        { file: 'sh', args: ['-c', script], name: 'age' },
        { file: 'sh', args: ['-c', more.then ?? 'cat'], name: 'zstd' },
      ],
      ...more,
    });

  test('is what the filters make of it', async () => {
    expect((await read(of('tr A-Z a-z'))).toString()).toBe('insert into orders values (1);\n');
  });

  test('of a small part is had without them, and no less checked', async () => {
    const small = smallFrame(stored);
    const body = () => ({ body: Readable.from([small]), bytes: small.length });
    const good = of('exit 3', { ...body(), sha256: sumOf(small) });
    expect((await read(good)).equals(stored)).toBe(true);
    const bad = of('exit 3', { ...body(), sha256: sumOf(stored) });
    await expect(read(bad)).rejects.toMatchObject(damaged(/its SHA-256 differs$/));
  });

  test('does not end where a filter dies after some of it, and names the first', async () => {
    const sql = of('cat; echo no identity >&2; exit 3', { then: 'cat; exit 1' });
    expect(String((await sql.next()).value)).toBe(stored.toString());
    await expect(sql.next()).rejects.toMatchObject({
      message: 'cannot read data/shop.sql.zst: age ended with 3: no identity',
      hint: expect.stringContaining('--identity') as string,
    });
  });

  test('names the one that did not take what the other wrote', async () => {
    const sql = read(of('exec cat /dev/zero', { then: 'echo no frame >&2; exit 1' }));
    await expect(sql).rejects.toThrow('cannot read data/shop.sql.zst: zstd ended with 1: no frame');
  });

  test('does not wait for a store when a filter has died', async () => {
    const body = new Readable({ read: () => undefined });
    body.push(stored);
    body.push(stored);
    await expect(read(of('exit 3', { body, bytes: 1 << 20 }))).rejects.toThrow('age ended with 3');
    expect(body.destroyed).toBe(true);
  });

  test('is told of as damaged before what a filter says of it', async () => {
    const sql = read(of('cat; exit 3', { sha256: 'other' }));
    await expect(sql).rejects.toMatchObject(damaged(/its SHA-256 differs$/));
  });

  test('ends the filters and the reading when nobody wants more', async () => {
    const body = Readable.from([stored, stored]);
    for await (const piece of of('cat; cat > /dev/null; sleep 1000', { body, bytes: 1 << 20 })) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    expect(body.destroyed).toBe(true);
  });
});
