import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rowStatements } from '../../../src/restore/rowStatements.js';
import { rewritten } from '../../../src/restore/statements.js';
import { hostileNames, quoted } from '../../rig/hostile/names.js';
import { inPieces, onLoan, pieceSizes, read, through } from '../util/pieces.js';

const head =
  '/*!999999\\- enable the sandbox mode */\n/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n--\n-- Host: db    Database: a;\n\n/*!40101 SET NAMES binary */;\n';
const settings = ['/*!40101 SET NAMES binary */'];

/** The statements, and what is left when one is too long. */
async function taken(text: string, sizes: readonly number[], longest?: number) {
  const statements: string[] = [];
  let rest: string | null = null;
  for await (const next of rowStatements(onLoan(inPieces(text, sizes)), longest)) {
    if (typeof next === 'string') statements.push(Buffer.from(next, 'latin1').toString());
    else rest = (await read(next.rest)).toString();
  }
  return { statements, rest };
}

const names = fc.oneof(
  fc.constantFrom(...hostileNames, 'a;\nb', 'VALUES', '`;\nINSERT VALUES', '-- a;\n'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
);
/** A value as mysqldump writes it. */
const value = fc.oneof(
  fc.constantFrom('1', 'NULL', "'; '", "';'", "'`'", "'VALUES'", "'-- '", "'a\\nb;\\n'", "'é'"),
  fc.nat().map(String),
);
const insert = fc
  .record({
    name: names,
    columns: fc.array(names, { maxLength: 2 }),
    rows: fc.array(fc.array(value, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }),
    between: fc.constantFrom(',', ',\n'),
    before: fc.constantFrom(' ', '\n'),
  })
  .map(({ name, columns, rows, between, before }) => {
    const list = columns.length === 0 ? '' : ` (${columns.map(quoted).join(', ')})`;
    const values = rows.map((row) => `(${row.join(',')})`).join(between);
    return `INSERT INTO ${quoted(name)}${list} VALUES${before}${values}`;
  });
const table = names.map((name) => `/*!40000 ALTER TABLE ${quoted(name)} DISABLE KEYS */`);
const statements = fc.array(fc.oneof(insert, table), { maxLength: 6 });
const between = fc.constantFrom('', '\n', '\n--\n-- Dumping data for table `a;`\n--\n\n');

describe('the statements of a part of rows', () => {
  test('come as they are, without comments, whatever the pieces', async () => {
    await fc.assert(
      fc.asyncProperty(statements, between, pieceSizes, async (all, comment, sizes) => {
        const text = `${head}${all.map((one) => `${comment}${one};\n`).join('')}\n-- Dump completed\n`;
        expect(await taken(text, sizes)).toEqual({ statements: [...settings, ...all], rest: null });
      }),
    );
  });

  test.each(['mariadb.views.sql', 'mysql.views.sql'])(
    'are those that the client takes a dump apart into: %s',
    async (name) => {
      const text = readFileSync(join(import.meta.dirname, 'dumps', name), 'utf8');
      const seen: string[] = [];
      const keep = (one: string) => {
        seen.push(Buffer.from(one, 'latin1').toString());
        return one;
      };
      await through(rewritten(keep), inPieces(text, [1 << 20]));
      // The client's own line has no delimiter.
      const [first = '', ...others] = seen;
      const wanted = [first.replace(/^\/\*M!999999[^]*?\n(?=\/\*!)/, ''), ...others];
      expect((await taken(text, [100])).statements).toEqual(wanted);
    },
  );

  test.each(['INSERT INTO `a` VALUES (1)', 'INSERT INTO `a;\n', 'x;', '/*!40000 ALTER'])(
    'must not end in the middle: %j',
    async (cut) => {
      await expect(taken(head + cut, [7])).rejects.toThrow(
        'the SQL ends in the middle of a statement',
      );
    },
  );

  test('end with the rest of the text before one that is too long', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(insert, { minLength: 2, maxLength: 6 }),
        fc.integer({ min: 5, max: 80 }),
        pieceSizes,
        async (all, longest, sizes) => {
          const text = all.map((one) => `${one};\n`).join('');
          const { statements: before, rest } = await taken(text, sizes, longest);
          expect(before.map((one) => `${one};\n`).join('') + (rest ?? '')).toBe(text);
          expect(before.every((one) => Buffer.byteLength(one) <= longest)).toBe(true);
          // What is lent in one piece may end behind the statement.
          const isLong = (one: string) => Buffer.byteLength(one) > longest;
          if (all.some(isLong)) expect(rest).not.toBeNull();
        },
      ),
    );
  });
});
