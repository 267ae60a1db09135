import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unzstd, zstd } from '../../../src/catalog/zstd.js';

test('any bytes come back, also where they or their frame end with a line break', async () => {
  const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
  await fc.assert(
    fc.asyncProperty(bytes, async (plain) => {
      expect((await unzstd(await zstd(plain))).equals(plain)).toBe(true);
    }),
    {
      numRuns: 30,
      // The frame of the first ends with a line break, the second is one.
      examples: [[Buffer.from('{"backup":497}')], [Buffer.from('a\n')]],
    },
  );
});

test('what makes more than it may is ended before it is read', async () => {
  const bomb = await zstd(Buffer.alloc(8 << 20));
  expect(bomb.length).toBeLessThan(10_000);
  await expect(unzstd(bomb, 1 << 20)).rejects.toThrow(
    'zstd failed: there are more than 1048576 bytes',
  );
});

test('a damaged frame is an error', async () => {
  const frame = await zstd(Buffer.from('some text that is long enough to be damaged'));
  frame[20]! ^= 1;
  await expect(unzstd(frame)).rejects.toThrow('zstd failed: ');
});
