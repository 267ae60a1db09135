import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sections, sectionsOf, type Section } from '../../../src/restore/section.js';
import { hostileNames, quoted } from '../../rig/hostile/names.js';
import { inPieces, pieceSizes, through } from '../util/pieces.js';

const head = '-- MariaDB dump 10.19\n\n/*!40101 SET NAMES utf8mb4 */;\n\n--\n';
const foot =
  '/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;\n\n/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;\n-- Dump completed\n';

/** As the programs write it: a line break in a name goes on as a comment. */
const inComment = (name: string) => quoted(name).replaceAll('\n', '\n-- ');
const rows = (name: string, values = '(1)') =>
  `-- Dumping data for table ${inComment(name)}\n--\n\nINSERT INTO ${quoted(name)} VALUES ${values};\n\n--\n`;
const whole = [1 << 20];

async function passed(
  filter: ReturnType<typeof sections>,
  text: string,
  sizes: readonly number[] = whole,
): Promise<string> {
  return (await through(filter, inPieces(text, sizes))).toString();
}

describe('the sections of a table', () => {
  const tables = fc.uniqueArray(
    fc.record({
      name: fc.oneof(
        fc.constantFrom(...hostileNames),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 64 }),
      ),
      values: fc.string({ unit: fc.constantFrom('x', "'", ' ', '-- ', 'é', 'x'.repeat(600)) }),
    }),
    // Tables whose names agree up to a line break come together.
    { selector: ({ name }) => name.split('\n')[0], minLength: 1, maxLength: 5 },
  );

  test('come with the head and the foot and nothing else, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(tables, fc.nat(), pieceSizes, async (all, index, sizes) => {
        const wanted = all[index % all.length]!;
        const body = all.map(({ name, values }) => rows(name, values));
        const text = head + body.join('') + foot;
        expect(await passed(sectionsOf(wanted.name), text, sizes)).toBe(
          head + rows(wanted.name, wanted.values) + foot,
        );
      }),
    );
  });

  test('are all that name it', async () => {
    const more = '-- Table structure for table `b`\n--\n\nCREATE TABLE `b` (a int);\n\n--\n';
    const text = head + more + rows('a') + rows('b') + foot;
    expect(await passed(sectionsOf('b'), text)).toBe(head + more + rows('b') + foot);
  });

  test('leave only the head and the foot of a dump that has none', async () => {
    const text = head + rows('ab') + rows('A') + rows('a`') + foot;
    expect(await passed(sectionsOf('a'), text)).toBe(head + foot);
  });

  test('do not end where a value or a long line looks like a section', async () => {
    const value = "('-- Dumping data for table `b`')";
    const long = `-- Dumping data for table ${'x'.repeat(5000)}`;
    const own = `${rows('a', value)}${long}\n`;
    const text = head + own + rows('b') + foot;
    for (const sizes of [whole, [1], [1023], [1024], [1025]])
      expect(await passed(sectionsOf('a'), text, sizes)).toBe(head + own + foot);
  });
});

describe('sections', () => {
  const view = (title: string, name: string) =>
    `-- ${title} for view ${quoted(name)}\n--\n\nSET @a;\n--\n`;
  const kinds: [Section['holds'], string][] = [
    ['table', '-- Table structure for table `o`\n--\n\nCREATE TABLE `o` (\n);\n--\n'],
    ['rows', rows('o')],
    ['sequence', '-- Sequence structure for `o`\n--\n\nCREATE SEQUENCE `o`;\n--\n'],
    ['placeholder', view('Temporary table structure', 'o')],
    ['placeholder', view('Temporary view structure', 'p')],
    ['view', view('Final view structure', 'o')],
  ];
  const text = head + kinds.map(([, section]) => section).join('') + foot;

  test('are told by what they hold and of what', async () => {
    const seen: Section[] = [];
    const keepAll = (section: Section) => seen.push(section) > 0;
    expect(await passed(sections(keepAll), text)).toBe(text);
    expect(seen).toEqual(
      kinds.map(([holds, section]) => ({ holds, name: section.includes('`p`') ? '`p`' : '`o`' })),
    );
  });

  test('pass as they are wanted, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.constantFrom(...kinds.map(([holds]) => holds))),
        pieceSizes,
        async (wanted, sizes) => {
          const kept = kinds.filter(([holds]) => wanted.includes(holds));
          const filter = sections(({ holds }) => wanted.includes(holds));
          expect(await passed(filter, text, sizes)).toBe(
            head + kept.map(([, section]) => section).join('') + foot,
          );
        },
      ),
    );
  });

  test('keep a last line without its line break', async () => {
    const end = 'no line break';
    expect(
      await passed(
        sections(() => true),
        rows('a') + end,
        [7],
      ),
    ).toBe(rows('a') + end);
    expect(
      await passed(
        sections(() => false),
        rows('a') + end,
        [7],
      ),
    ).toBe('');
    expect(
      await passed(
        sections(() => false),
        foot.trimEnd(),
      ),
    ).toBe(foot.trimEnd());
    expect(
      await passed(
        sections(() => false),
        '',
      ),
    ).toBe('');
  });
});
