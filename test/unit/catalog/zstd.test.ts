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
