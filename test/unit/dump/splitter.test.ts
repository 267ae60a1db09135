import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planParts, type PartPlan } from '../../../src/dump/plan.js';
import { mostHeld, Splitter, takenApart } from '../../../src/dump/splitter.js';
import { inPieces, onLoan, read } from '../util/pieces.js';
import { database } from './databases.js';

const head = `-- MySQL dump 10.13
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;
`;
const end =
  '/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;\n\n/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;\n\n-- Dump completed\n';
/** What a part gets in its place. */
const foot =
  '\n/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;\n/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;\n\n-- Dump completed\n';
const inDatabase = (name: string) => {
  const quoted = `\`${name.replaceAll('`', '``')}\``;
  return `\n--\n-- Current Database: ${quoted}\n--\n\nUSE ${quoted};\n`;
};
const procedure = (body: string) => `DELIMITER ;;\nCREATE PROCEDURE \`p\`()\n${body} ;;\n`;

function partsOf(kind: 'objects' | 'views', names: readonly string[]): PartPlan[] {
  return names.map((name) =>
    planParts([database(name, { procedures: ['p'], views: ['v'] })]).find(
      (part) => part.kind === kind,
    )!,
  );
}

/** What mysqldump writes of a procedure in each database. */
function programs(of: Record<string, string>): string {
  const sections = Object.entries(of).map(([name, body]) => inDatabase(name) + procedure(body));
  return head + sections.join('') + end;
}

/** The parts' texts; null where it is not certain. */
function taken(text: string, kind: 'objects' | 'views', names: string[]): string[] | null {
  const texts = takenApart(Buffer.from(text), partsOf(kind, names));
  return texts?.map(String) ?? null;
}

describe('programs', () => {
  const names = ['one', 'two', 'three'];
  const bodies = { one: 'SELECT 1', two: "SELECT '☕'", three: 'SELECT 3' };

  test('each part gets the head, its own programs and an end', () => {
    expect(taken(programs(bodies), 'objects', names)).toEqual([
      head + procedure('SELECT 1') + foot,
      head + procedure("SELECT '☕'") + foot,
      head + procedure('SELECT 3') + end,
    ]);
  });

  test('databases may be called anything that fits into a line', () => {
    const odd = ['x`y', '☕ é', '-e', "a'; b", '$&'];
    const text = programs(Object.fromEntries(odd.map((name) => [name, `SELECT "${name}"`])));
    const texts = taken(text, 'objects', odd)!;
    expect(texts).toHaveLength(odd.length);
    for (const [i, name] of odd.entries()) expect(texts[i]).toContain(`SELECT "${name}"`);
  });

  test('one without any in the text still has its part', () => {
    const text = head + inDatabase('one') + inDatabase('two') + procedure('SELECT 2') + end;
    expect(taken(text, 'objects', ['one', 'two'])).toEqual([
      head + foot,
      head + procedure('SELECT 2') + end,
    ]);
  });

  test.each([
    ['the beginning of another database', inDatabase('three')],
    ['that of its own', inDatabase('two')],
    ['that of one that is not dumped', inDatabase('four')],
    ['a line that names one', '\n-- Current Database: `three`\n'],
    ['one that only looks like that', '\n-- Current Database: here\n'],
  ])('nothing is certain with a body that holds %s', (_, body) => {
    expect(taken(programs({ ...bodies, two: `SELECT '${body}'` }), 'objects', names)).toBeNull();
  });

  test('a body may speak of databases, if no line begins so', () => {
    const body = '/* -- Current Database: `three` */';
    expect(taken(programs({ ...bodies, two: body }), 'objects', names)?.[1]).toContain(body);
  });

  test.each([
    ['a database is missing', programs({ one: '1', three: '3' })],
    ['one comes out of turn', programs({ one: '1', three: '3', two: '2' })],
    ['none is named', head + procedure('SELECT 1') + end],
    ['it is not said where programs go', programs(bodies).replace('USE `two`;\n', '')],
    ['all come twice', programs(bodies).replace(end, '') + programs(bodies).replace(head, '')],
    [
      'a body says what mysqldump says otherwise',
      programs({ one: `SELECT '${inDatabase('two')}'`, two: '2', three: '3' }).replace(
        '`two`\n--\n\nUSE `two`;\nDELIMITER',
        '`two`\nUSE `two`;\nDELIMITER',
      ),
    ],
  ])('nothing is certain where %s', (_, text) => {
    expect(taken(text, 'objects', names)).toBeNull();
  });
});

test('views come in two passes, and a part gets both of its own', () => {
  const pass = (step: string, names: string[]) =>
    names.map((name) => `${inDatabase(name)}\n-- ${step} \`v\` of ${name}\n`).join('');
  const text = (...passes: string[]) => head + passes.join('') + end;
  const names = ['one', 'two'];
  const placeholders = pass('Temporary view structure for view', names);
  const finals = pass('Final view structure for view', names);
  const own = (name: string) =>
    `\n-- Temporary view structure for view \`v\` of ${name}\n\n-- Final view structure for view \`v\` of ${name}\n`;
  expect(taken(text(placeholders, finals), 'views', names)).toEqual([
    head + own('one') + foot,
    head + own('two') + end,
  ]);
  expect(taken(text(placeholders), 'views', names)).toBeNull();
  expect(taken(text(placeholders, finals, finals), 'views', names)).toBeNull();
});

test('whatever lines a body is made of, each part is right or nothing is certain', () => {
  const line = fc.constantFrom(
    ...['--', '', 'x', '-- Current Database: `b`', 'USE `b`;', '-- Current Database: `c`'],
    ...['USE `c`;', ' -- Current Database: `b`', '-- Current Database: `b`\r', '\r--'],
  );
  const body = fc.array(line, { maxLength: 12 }).map((lines) => `'\n${lines.join('\n')}\n'`);
  fc.assert(
    fc.property(fc.tuple(body, body, body), (all) => {
      const names = ['a', 'b', 'c'];
      const text = programs(Object.fromEntries(names.map((name, i) => [name, all[i]!])));
      const texts = taken(text, 'objects', names);
      expect(texts === null).toBe(all.some((one) => /^-- Current Database: /m.test(one)));
      texts?.forEach((one, i) => {
        expect(one).toBe(head + procedure(all[i]!) + (i === 2 ? end : foot));
      });
    }),
    { numRuns: 500 },
  );
});

describe('a text on its way', () => {
  const names = ['one', 'two'];
  const text = programs({ one: 'SELECT 1', two: 'SELECT 2' });

  async function split(pieces: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<string[]> {
    const texts: Promise<Buffer>[] = [];
    const splitter = new Splitter(partsOf('objects', names), (_, its) => {
      texts.push(read(its));
    });
    await splitter.divide(onLoan(pieces));
    return (await Promise.all(texts)).map(String);
  }

  test.each([1, 7, 1 << 16])('is taken apart whole, in pieces of %i bytes', async (size) => {
    expect(await split(inPieces(text, [size]))).toEqual(taken(text, 'objects', names));
  });

  test('begins no part where nothing is certain', async () => {
    expect(await split([Buffer.from(text + inDatabase('two'))])).toEqual([]);
  });

  test('is not held when it is long', async () => {
    const body = Buffer.alloc(mostHeld / 4, 'x');
    const pieces = [Buffer.from(text.replace(end, '')), body, body, body];
    expect(await split([...pieces, Buffer.from(end)])).toHaveLength(2);
    expect(await split([...pieces, body, Buffer.from(end)])).toEqual([]);
  });

  test('that breaks off begins no part', async () => {
    let begun = 0;
    async function* broken() {
      yield Buffer.from(text);
      await Promise.resolve();
      throw new Error('mysqldump died');
    }
    const splitter = new Splitter(partsOf('objects', names), () => void (begun += 1));
    await expect(splitter.divide(onLoan(broken()))).rejects.toThrow('mysqldump died');
    expect(begun).toBe(0);
  });
});
