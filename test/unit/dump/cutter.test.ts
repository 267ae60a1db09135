import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Cutter } from '../../../src/dump/cutter.js';
import { planParts, type PartPlan } from '../../../src/dump/plan.js';
import { onLoan, read } from '../util/pieces.js';
import { database, table } from './databases.js';

const head = `-- MariaDB dump 10.19
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*M!100616 SET @OLD_NOTE_VERBOSITY=@@NOTE_VERBOSITY, NOTE_VERBOSITY=0 */;
`;
const end = '/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;\n\n-- Dump completed\n';
const rowsOf = (name: string, rows: string) =>
  `\n--\n-- Dumping data for table \`${name}\`\n--\n\nINSERT INTO \`${name}\` VALUES\n${rows};\n`;
const inDatabase = (name: string) =>
  `\n--\n-- Current Database: \`${name}\`\n--\n\nUSE \`${name}\`;\n`;

/** One data part for each list of tables. */
function dataParts(of: Record<string, string[][]>): PartPlan[] {
  return Object.entries(of).flatMap(([name, groups]) =>
    groups.map((tables, i) => {
      const plan = planParts([database(name, { tables: tables.map((one) => table(one)) })]).find(
        ({ kind }) => kind === 'data',
      )!;
      return { ...plan, index: i + 1 };
    }),
  );
}

/** Cuts a text that comes in pieces of some size. */
async function cut(
  text: string,
  parts: PartPlan[],
  piece = 1 << 16,
): Promise<[PartPlan, string][]> {
  const found: [PartPlan, Promise<Buffer>][] = [];
  const bytes = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, i) =>
    bytes.subarray(i * piece, (i + 1) * piece),
  );
  const cutter = new Cutter(parts, (part, its) => {
    found.push([part, read(its)]);
    found.at(-1)?.[1].catch(() => undefined);
  });
  await cutter.divide(onLoan(pieces));
  return await Promise.all(
    found.map(async ([part, its]): Promise<[PartPlan, string]> => [part, (await its).toString()]),
  );
}

describe('a text of one database', () => {
  const parts = dataParts({ shop: [['a'], ['b', 'c']] });
  const rows = {
    a: rowsOf('a', "(1,'x'),\n(2,'-- Dumping data for table')"),
    b: rowsOf('b', '(1)'),
  };
  const text = head + rows.a + rows.b + rowsOf('c', '(3)') + end;

  test.each([1, 2, 3, 7, 64, 100_000])('is cut in pieces of %i bytes', async (piece) => {
    const [first, second] = await cut(text, parts, piece);
    expect(first![0]).toBe(parts[0]);
    expect(first![1]).toContain(head);
    expect(first![1]).toContain("(2,'-- Dumping data for table')");
    expect(first![1]).not.toContain('`b`');
    expect(second![1]).toBe(head + rows.b + rowsOf('c', '(3)') + end);
  });

  test('each part takes back what its head has set, and ends like a dump', async () => {
    const [first] = await cut(text, parts);
    expect(first![1].slice(first![1].indexOf('\n/*M!100616 SET NOTE'))).toBe(
      '\n/*M!100616 SET NOTE_VERBOSITY=@OLD_NOTE_VERBOSITY */;\n' +
        '/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;\n' +
        '/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;\n\n-- Dump completed\n',
    );
  });

  test.each([
    ['a table that is in no part', head + rows.a + rowsOf('z', '(1)') + end, /out of turn: z/],
    ['a table out of turn', head + rows.b + rows.a + end, /out of turn: b/],
    ['a part that does not come', head + rows.a + end, /ended before/],
  ])('fails with %s', async (_, wrong, why) => {
    await expect(cut(wrong, parts)).rejects.toThrow(why);
  });
});

describe('a text of several databases', () => {
  const parts = dataParts({ one: [['a', 'b']], two: [['a']] });
  const text =
    head +
    inDatabase('one') +
    rowsOf('b', '(1)') +
    rowsOf('a', '(2)') +
    inDatabase('two') +
    rowsOf('a', '(3)') +
    end;

  test('is cut where the next begins, and says of none where it goes to', async () => {
    const [one, two] = await cut(text, parts);
    expect(one![1]).toMatch(/\(1\)[^]*\(2\)/);
    expect(one![1]).not.toContain('(3)');
    expect(two![1]).toContain('(3)');
    for (const [, its] of [one!, two!]) expect(its).not.toMatch(/USE `|Current Database/);
  });

  test('fails with a database that is in no part', async () => {
    await expect(cut(text.replaceAll('two', 'six'), parts)).rejects.toThrow(/out of turn: six/);
  });

  test('fails when a table is missing in one that another has', async () => {
    const less = text.replace(rowsOf('a', '(2)'), '');
    await expect(cut(less, parts)).rejects.toThrow(/left out one\.a/);
  });
});

test('a break on the way fails the part that is being written', async () => {
  const parts = dataParts({ shop: [['a'], ['b']] });
  const parted: Promise<Buffer>[] = [];
  let tell = (): void => undefined;
  const secondBegan = new Promise<void>((resolve) => (tell = resolve));
  const cutter = new Cutter(parts, (_, its) => {
    parted.push(read(its));
    parted.at(-1)?.catch(() => undefined);
    if (parted.length === 2) tell();
  });
  async function* broken() {
    yield Buffer.from(head + rowsOf('a', '(1)') + rowsOf('b', '(1)'));
    await secondBegan;
    throw new Error('mysqldump died');
  }
  await expect(cutter.divide(onLoan(broken()))).rejects.toThrow('mysqldump died');
  expect((await parted[0]!).toString()).toContain('(1)');
  await expect(parted[1]).rejects.toThrow('mysqldump died');
});

test('every row comes out once, in its table, however the text comes in', async () => {
  const line = fc
    .string({ minLength: 1, maxLength: 20 })
    .map((one) => `('${one.replace(/[\r\n']/g, '')}')`);
  const tables = fc.array(fc.array(line, { minLength: 1, maxLength: 5 }), {
    minLength: 2,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(tables, fc.integer({ min: 1, max: 300 }), async (rows, piece) => {
      const parts = dataParts({ shop: rows.map((_, i) => [`t${i}`]) });
      const text = head + rows.map((one, i) => rowsOf(`t${i}`, one.join(',\n'))).join('') + end;
      const found = await cut(text, parts, piece);
      expect(found.map(([part]) => part.tables[0])).toEqual(rows.map((_, i) => `t${i}`));
      found.forEach(([, its], i) => {
        expect(its).toContain(`INSERT INTO \`t${i}\` VALUES\n${rows[i]!.join(',\n')};\n`);
        expect(its.match(/^INSERT INTO/gm)).toHaveLength(1);
      });
    }),
    { numRuns: 60 },
  );
});
