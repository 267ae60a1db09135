import fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { DumpText, type Expected } from '../../../src/dump/dumpText.js';
import { hostileNames } from '../../rig/hostile/names.js';
import { inPieces, onLoan, pieceSizes, read as bytesOf } from '../util/pieces.js';

const trailer = '-- Dump completed\n';
const noVerdict = () => Promise.resolve();
const root = 'DEFINER=`root`@`localhost`';

/** The first lines of each kind's statement, as the programs write them; `name` is quoted. */
const statements: Record<Expected['kind'], readonly ((name: string) => string)[]> = {
  rows: [(name) => `/*!40000 ALTER TABLE ${name} DISABLE KEYS */;`],
  table: [(name) => `CREATE TABLE ${name} (`, (name) => `CREATE TABLE IF NOT EXISTS ${name} (`],
  sequence: [
    (name) => `CREATE SEQUENCE ${name} start with 1 minvalue 1`,
    (name) => `CREATE SEQUENCE IF NOT EXISTS ${name} start with 1`,
  ],
  view: [
    (name) =>
      `/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 ${root} SQL SECURITY DEFINER */\n/*!50001 VIEW ${name} AS select 1 AS \`1\` */;`,
  ],
  procedure: [(name) => `CREATE ${root} PROCEDURE ${name}(a int)`],
  function: [
    (name) => `CREATE ${root} FUNCTION ${name}() RETURNS int(11)`,
    (name) => `CREATE ${root} AGGREGATE FUNCTION ${name}(x int) RETURNS int(11)`,
    (name) => `CREATE DEFINER="root"@"localhost" FUNCTION ${name}() RETURNS int(11)`,
  ],
  package: [(name) => `CREATE ${root} PACKAGE ${name} AS`],
  'package body': [(name) => `CREATE ${root} PACKAGE BODY ${name} AS`],
  event: [
    (name) =>
      `/*!50106 CREATE*/ /*!50117 ${root}*/ /*!50106 EVENT ${name} ON SCHEDULE EVERY 1 DAY DO SELECT 1 */ ;;`,
  ],
  trigger: [
    (name) =>
      `/*!50003 CREATE*/ /*!50017 ${root}*/ /*!50003 TRIGGER ${name} BEFORE INSERT ON t FOR EACH ROW SET @a = 1 */;;`,
  ],
};
const kinds = Object.keys(statements) as Expected['kind'][];
const named = kinds.filter((kind) => kind !== 'trigger');
const quotes = {
  backticks: (name: string) => `\`${name.replaceAll('`', '``')}\``,
  'double quotes': (name: string) => `"${name.replaceAll('"', '""')}"`,
};

async function read(text: string, sizes: readonly number[] = [1 << 16]): Promise<DumpText> {
  const stream = new DumpText(onLoan(inPieces(text, sizes)), noVerdict);
  expect((await bytesOf(stream)).toString()).toBe(text);
  return stream;
}

const anyName = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 64 }),
  fc.string({
    unit: fc.constantFrom('`', '"', '\n', '\r', ' ', '(', '*/', 'é', '漢', 'a'),
    minLength: 1,
    maxLength: 12,
  }),
  fc.constantFrom(...hostileNames),
);

describe('the trailer', () => {
  test.each([
    ['is the last line', `a\n${trailer}`, true],
    ['is the last line, without its line break', 'a\n-- Dump completed', true],
    ['has a date', 'a\n-- Dump completed on 2026-11-22  2:30:00\n', true],
    ['has blank lines after it', `a\n${trailer}\n\n`, true],
    ['is followed by a line', `${trailer}a\n`, false],
    ['is followed by the beginning of a line', `${trailer}a`, false],
    ['stands within a line', 'a -- Dump completed\n', false],
    ['stands at the end of a long line', `${'a'.repeat(1 << 20)}-- Dump completed\n`, false],
    ['is cut short', 'a\n-- Dump complete', false],
    ['is not there', 'a\n', false],
    ['is not there, as nothing is', '', false],
  ])('%s', async (_, text, complete) => {
    expect((await read(text)).complete).toBe(complete);
  });
});

describe('an expected object', () => {
  const cases = named.flatMap((kind) =>
    Object.entries(quotes).flatMap(([style, quote]) =>
      statements[kind].map((statement) => [kind, style, statement, quote] as const),
    ),
  );
  test.each(cases)('%s in %s is found, whatever its name', async (kind, _, statement, quote) => {
    await fc.assert(
      fc.asyncProperty(anyName, async (name) => {
        const text = await read(`--\n${statement(quote(name))}\nrest\n${trailer}`);
        expect(text.missing([{ kind, name }])).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test.each(named)('%s is missed when only others are there', async (kind) => {
    const others = kinds.filter((other) => other !== kind);
    const lines = others.map((other) => statements[other][0]!('`a`'));
    const more = [statements[kind][0]!('`b`'), statements[kind][0]!('`A`')];
    const text = await read(`${[...lines, ...more].join('\n')}\n${trailer}`);
    const expected = [{ kind, name: 'a' }];
    expect(text.missing(expected)).toEqual(expected);
  });

  test('is missed when a name only begins like it', async () => {
    const text = await read('CREATE TABLE `ab` (\nCREATE TABLE `a``` (\nCREATE TABLE "c""" (\n');
    const missing = ['a', 'a``', 'c', 'c""'].map((name): Expected => ({ kind: 'table', name }));
    expect(text.missing(missing)).toEqual(missing);
    expect(
      text.missing(['ab', 'a`', 'c"'].map((name): Expected => ({ kind: 'table', name }))),
    ).toEqual([]);
  });

  test('is missed where its statement stands within a line', async () => {
    const line = `INSERT INTO \`b\` VALUES ('CREATE TABLE \`a\` (');`;
    const long = `${'x'.repeat(1 << 17)}CREATE TABLE \`a\` (`;
    const expected: Expected[] = [{ kind: 'table', name: 'a' }];
    expect((await read(`${line}\n${long}\n`)).missing(expected)).toEqual(expected);
  });

  test('is all that an empty dump misses', async () => {
    const expected = kinds.map((kind): Expected => ({ kind, name: 'a' }));
    expect((await read('')).missing(expected)).toEqual(expected);
  });
});

describe('triggers', () => {
  const of = (...names: string[]) => names.map((name): Expected => ({ kind: 'trigger', name }));
  const asTyped = (text: string) => `/*!50003 CREATE*/ /*!50017 ${root}*/ /*!50003 ${text} */;;`;

  test('are counted, as MariaDB keeps their text as it was typed', async () => {
    const lines = [
      asTyped('trigger shop . one before insert on t'),
      asTyped('Trigger `two` after'),
    ];
    const text = await read(lines.join('\n'));
    expect(text.missing(of('one', 'two'))).toEqual([]);
    expect(text.missing(of('One', 'TWO'))).toEqual([]);
  });

  test('that are too few are named', async () => {
    const text = await read(`${asTyped('trigger one before insert on t')}\n`);
    expect(text.missing(of('one', 'two', 'drei☕'))).toEqual(of('two', 'drei☕'));
  });

  test('that are too few are all named when none of them can be told', async () => {
    const text = await read(`${asTyped('trigger one_and_two before insert on t')}\n`);
    expect(text.missing(of('one', 'two'))).toEqual(of('one', 'two'));
  });
});

describe('any chunking', () => {
  const object = fc.record({
    kind: fc.constantFrom(...kinds),
    name: anyName,
    quote: fc.constantFrom(...Object.values(quotes)),
    noise: fc.string({
      unit: fc.constantFrom('x', '\n', '-- Dump completed', 'CREATE ', '`', '☕'),
    }),
  });

  test('gives the same answer and the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(object, { maxLength: 6 }),
        fc.boolean(),
        pieceSizes,
        async (objects, ends, sizes) => {
          const body = objects.map(
            ({ kind, name, quote, noise }) => `${noise}\n${statements[kind][0]!(quote(name))}\n`,
          );
          const whole = `${body.join('')}${ends ? trailer : 'x'}`;
          const expected: Expected[] = objects.map(({ kind, name }) => ({ kind, name }));
          const absent: Expected[] = [{ kind: 'table', name: 'not there' }];
          const text = await read(whole, sizes);
          expect(text.missing([...expected, ...absent])).toEqual(absent);
          expect(text.complete).toBe(ends);
          expect(text.bytes).toBe(Buffer.byteLength(whole));
        },
      ),
    );
  });
});

test('a verdict that throws withholds the end', async () => {
  const unwell = new Error('unwell');
  const stream = new DumpText(onLoan([Buffer.from(trailer)]), () => Promise.reject(unwell));
  await expect(bytesOf(stream)).rejects.toBe(unwell);
});

test('a reader that leaves ends the source', async () => {
  let ended = false;
  async function* source() {
    try {
      for (;;) yield await Promise.resolve(Buffer.from('-- x\n'));
    } finally {
      ended = true;
    }
  }
  for await (const chunk of new DumpText(source(), noVerdict)) {
    expect(chunk).toHaveLength(5);
    break;
  }
  expect(ended).toBe(true);
});

test('the verdict is asked when all has been read', async () => {
  const stream: DumpText = new DumpText(onLoan(inPieces(trailer, [1])), () => {
    expect(stream.complete).toBe(true);
    expect(stream.bytes).toBe(trailer.length);
    return Promise.resolve();
  });
  await bytesOf(stream);
});

describe('the beginning is read before anybody asks for the text', () => {
  const table = 'CREATE TABLE `a` (\n);\n';

  test('until an object has come, and no further', async () => {
    const rest = fc.string({ unit: fc.constantFrom('-- x\n', '(1)', '\n'), maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(rest, pieceSizes, rest, async (before, sizes, after) => {
        const whole = `${before}\n${table}${after}\n${trailer}`;
        let asked = 0;
        async function* source() {
          for (const piece of inPieces(whole, sizes)) {
            asked += piece.length;
            yield await Promise.resolve(piece);
          }
        }
        const stream = new DumpText(onLoan(source()), noVerdict);
        stream.begin();
        await vi.waitFor(() => expect(stream.begun).toBe(true), { interval: 1 });
        for (let i = 0; i < 5; i++) await turn();
        expect(stream.bytes).toBe(asked);
        expect(asked).toBeLessThanOrEqual(before.length + 1 + table.length + Math.max(...sizes));
        expect((await bytesOf(stream)).toString()).toBe(whole);
        expect(stream.complete).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('a megabyte of it at most', async () => {
    const line = Buffer.alloc(1 << 16, '-- a line of no object\n');
    const stream = new DumpText(onLoan(Array.from({ length: 40 }, () => line)), noVerdict);
    stream.begin();
    await vi.waitFor(() => expect(stream.bytes).toBe(1 << 20));
    for (let i = 0; i < 5; i++) await turn();
    expect(stream.bytes).toBe(1 << 20);
    expect(await bytesOf(stream)).toHaveLength(40 * line.length);
  });

  test('an error there fails whoever reads', async () => {
    const lost = new Error('lost');
    async function* source() {
      yield await Promise.resolve(Buffer.from('-- x'));
      throw lost;
    }
    const stream = new DumpText(source(), noVerdict);
    stream.begin();
    await turn();
    await expect(bytesOf(stream)).rejects.toBe(lost);
  });
});
