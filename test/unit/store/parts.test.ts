import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { cutter, mostParts, partBytes } from '../../../src/store/s3/parts.js';

const MiB = 1024 ** 2;
const largestObject = 5 * 1024 ** 4;
const partSizes = fc.integer({ min: 5 * MiB, max: 512 * MiB });
const estimates = fc.oneof(fc.nat(), fc.maxSafeNat()).map((size) => size % largestObject);

describe('partBytes', () => {
  it('lets every stream that may be an object fit', () => {
    fc.assert(
      fc.property(partSizes, estimates, (partSize, estimate) => {
        let total = 0;
        let last = 0;
        for (let number = 1; number <= mostParts; number++) {
          const size = partBytes(number, partSize, estimate);
          if (!Number.isInteger(size) || size < Math.max(partSize, last)) return false;
          if (size > 5 * 1024 * MiB) return false;
          last = size;
          total += size;
        }
        return total >= largestObject;
      }),
      { numRuns: 20 },
    );
  });

  it('stays at 8 MiB as long as it can', () => {
    expect(partBytes(4500, 8 * MiB)).toBe(8 * MiB);
    expect(partBytes(4501, 8 * MiB)).toBe(16 * MiB);
    expect(partBytes(1, 8 * MiB, 70 * 1024 * MiB)).toBe(8 * MiB);
    expect(partBytes(1, 8 * MiB, 9000 * 9 * MiB)).toBe(9 * MiB);
  });
});

describe('cutter', () => {
  it('gives every byte, in parts of the sizes asked for', async () => {
    const chunks = fc.array(
      fc.nat(300_000).map((size) => randomBytes(size)),
      { maxLength: 6 },
    );
    const sizes = fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(chunks, sizes, fc.boolean(), async (chunks, sizes, giveBack) => {
        const whole = Buffer.concat(chunks);
        const cut = cutter(Readable.from(chunks));
        let at = 0;
        for (let i = 0; ; i++) {
          const size = sizes[i % sizes.length]!;
          const part = await cut.next(size);
          expect(part.equals(whole.subarray(at, at + size))).toBe(true);
          at += part.length;
          if (giveBack) cut.done(part);
          if (part.length < size) break;
        }
        expect(at).toBe(whole.length);
      }),
      { numRuns: 50 },
    );
  });

  it('does not write into a part that was not given back', async () => {
    const cut = cutter(Readable.from([Buffer.alloc(30, 'a'), Buffer.alloc(30, 'b')]));
    const first = await cut.next(20);
    await cut.next(20);
    await cut.next(20);
    expect(first.toString()).toBe('a'.repeat(20));
  });

  it('uses the memory of a part again', async () => {
    const cut = cutter(Readable.from([Buffer.alloc(60, 'a')]));
    const first = await cut.next(20);
    cut.done(first);
    expect((await cut.next(20)).buffer).toBe(first.buffer);
  });

  it('passes on what the stream throws', async () => {
    const lost = new Error('lost');
    const stream = new Readable({ read: () => void stream.destroy(lost) });
    await expect(cutter(stream).next(10)).rejects.toBe(lost);
  });
});
