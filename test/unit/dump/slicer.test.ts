import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Slicer } from '../../../src/dump/slicer.js';
import { onLoan, read } from '../util/pieces.js';

const head = `-- MariaDB dump 10.19
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;

--
-- Dumping data for table \`t\`
--

/*!40000 ALTER TABLE \`t\` DISABLE KEYS */;
`;
const foot = `/*!40000 ALTER TABLE \`t\` ENABLE KEYS */;
/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;

-- Dump completed
`;

/** Slices a text that comes in pieces of some size. */
async function slice(text: string, most: number, piece = 1 << 16): Promise<string[]> {
  const bytes = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, i) =>
    bytes.subarray(i * piece, (i + 1) * piece),
  );
  const found: Promise<Buffer>[] = [];
  const slicer = new Slicer(most, (number, its) => {
    expect(number).toBe(found.length);
    found.push(read(its));
    found.at(-1)?.catch(() => undefined);
  });
  await slicer.divide(onLoan(pieces));
  return (await Promise.all(found)).map(String);
}

const statementsOf = (text: string) => text.match(/^INSERT INTO[^;]*;\n/gm) ?? [];

test('every statement is in one slice, in its order, with the settings around it', async () => {
  const row = fc.string({
    unit: fc.constantFrom('ü', 'I', ' INSERT INTO `', '\\n'),
    maxLength: 30,
  });
  const statement = fc
    .array(row, { minLength: 1, maxLength: 5 })
    .map((rows) => `INSERT INTO \`t\` VALUES\n${rows.map((one) => `('${one}')`).join(',\n')};\n`);
  const sizes = {
    most: fc.integer({ min: 1, max: 2000 }),
    piece: fc.integer({ min: 1, max: 900 }),
  };
  await fc.assert(
    fc.asyncProperty(fc.array(statement), fc.record(sizes), async (all, { most, piece }) => {
      const slices = await slice(head + all.join('') + foot, most, piece);
      expect(slices.flatMap(statementsOf)).toEqual(all);
      for (const text of slices) {
        expect(text.startsWith(head)).toBe(true);
        expect(text).toMatch(/SET TIME_ZONE=@OLD_TIME_ZONE \*\/;\n\n-- Dump completed\n$/);
        expect(statementsOf(text).length > 0 || slices.length === 1).toBe(true);
      }
    }),
  );
});

describe('a slice', () => {
  const rows = Array.from(
    { length: 40 },
    (_, i) => `INSERT INTO \`t\` VALUES (${i},'${'x'.repeat(80)}');\n`,
  );

  test('is as long as it must be, and no longer than by a statement', async () => {
    const slices = await slice(head + rows.join('') + foot, 1000);
    expect(slices.length).toBeGreaterThan(4);
    for (const text of slices.slice(0, -1)) {
      const bare = text.lastIndexOf(';\n\n-- Dump');
      expect(bare).toBeGreaterThan(1000);
      expect(bare).toBeLessThan(1250);
    }
  });

  test.each(['set autocommit=0;', 'SET @OLD_AUTOCOMMIT=@@AUTOCOMMIT, @@AUTOCOMMIT=0;'])(
    'is committed, where the rows are one transaction: %s',
    async (begin) => {
      const text = `${head}${begin}\n${rows.join('')}${foot.replace('\n', '\ncommit;\n')}`;
      const slices = await slice(text, 1000);
      expect(slices.length).toBeGreaterThan(1);
      for (const one of slices) expect(one).toMatch(/autocommit=0;\n[^]*\ncommit;\n/i);
    },
  );

  test('of a table without rows is the whole text', async () => {
    expect(await slice(head + foot, 1)).toEqual([head + foot]);
  });
});

test('a text that fails fails its last slice', async () => {
  const ends: Promise<Buffer>[] = [];
  const slicer = new Slicer(1, (_, its) => void ends.push(read(its)));
  const text = async function* () {
    yield Buffer.from(`${head}INSERT INTO \`t\` VALUES (1);\nINSERT INTO \`t\``);
    await new Promise(setImmediate);
    throw new Error('mysqldump died');
  };
  await expect(slicer.divide(onLoan(text()))).rejects.toThrow('mysqldump died');
  await expect(ends.at(-1)).rejects.toThrow('mysqldump died');
});
