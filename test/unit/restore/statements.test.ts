import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { rewritten, statementsOf, type Rewrite } from '../../../src/restore/statements.js';
import { inPieces, onLoan, pieceSizes, through } from '../util/pieces.js';

const whole = [1 << 20];

async function passed(text: string, rewrite: Rewrite, sizes: readonly number[] = whole) {
  return (await through(rewritten(rewrite), inPieces(text, sizes))).toString('utf8');
}

/** The statements that it sees. */
async function seen(text: string, sizes: readonly number[] = whole): Promise<string[]> {
  const all: string[] = [];
  const keep: Rewrite = (statement) => {
    all.push(Buffer.from(statement, 'latin1').toString('utf8'));
    return statement;
  };
  expect(await passed(text, keep, sizes)).toBe(text);
  return all;
}

describe('a text as statements', () => {
  const of = async (text: string, size: number) => {
    const all: string[] = [];
    for await (const one of statementsOf(onLoan(inPieces(text, [size])))) all.push(one);
    return all;
  };

  test.each([1, 7, 1 << 20])('in pieces of %d bytes', async (size) => {
    const text = `-- head\n/*!40101 SET a = 1 */;\n;\nDELIMITER ;;\nBEGIN 'é;'; END ;;\nDELIMITER ;\nc;\n-- done\n`;
    const program = Buffer.from("BEGIN 'é;'; END ").toString('latin1');
    expect(await of(text, size)).toEqual(['/*!40101 SET a = 1 */', program, 'c']);
  });

  test.each(['SELECT 1', 'SELECT 1;\nSELECT 2', "SELECT 1; SELECT 'x;", 'a; DELIMITER ;;\nb;'])(
    'is none when it ends in the middle of one: %j',
    async (text) => {
      await expect(of(text, 3)).rejects.toThrow('in the middle of a statement');
    },
  );
});

describe('statements end', () => {
  test.each<[string, string, string[]]>([
    ['at each delimiter', 'SELECT 1;\nSELECT 2;', ['SELECT 1', 'SELECT 2']],
    ['not in a string', `SELECT 'a;b', "c;d", \`e;f\`;`, [`SELECT 'a;b', "c;d", \`e;f\``]],
    ['not at a doubled quote', `SELECT 'it'';s', 'x';`, [`SELECT 'it'';s', 'x'`]],
    ['not at an escaped quote', `SELECT 'it\\';s';x;`, [`SELECT 'it\\';s'`, 'x']],
    ['where a backslash is in a name', 'SELECT `a\\`;x;', ['SELECT `a\\`', 'x']],
    ['not in a comment', 'SELECT 1 /* ; */ -- ;\n# ;\n+ 1;', ['SELECT 1 /* ; */ -- ;\n# ;\n+ 1']],
    ['where dashes are no comment', "SELECT 1--';'\n;x;", ["SELECT 1--';'\n", 'x']],
    [
      'in a comment that the server reads',
      "/*!50003 SET a = '*/;' */;x;",
      ["/*!50003 SET a = '*/;' */", 'x'],
    ],
    [
      'in a comment that MariaDB reads',
      '/*M!100100 SET a = 1 */;x;',
      ['/*M!100100 SET a = 1 */', 'x'],
    ],
    ['without the comments before', '-- a; b\n/* ; */\n\nSELECT é;', ['SELECT é']],
    [
      'as DELIMITER says',
      'DELIMITER ;;\nBEGIN a; b; END ;;\nDELIMITER ;\nc;',
      ['BEGIN a; b; END ', 'c'],
    ],
    [
      'not as a string says',
      "DELIMITER ;;\na '\nDELIMITER ;\n';\nb;;\nDELIMITER ;\nc;",
      ["a '\nDELIMITER ;\n';\nb", 'c'],
    ],
    ['where a name begins like DELIMITER', 'delimited;d;', ['delimited', 'd']],
    ['where nothing is left', 'SELECT 1;\n-- done', ['SELECT 1']],
    ['not where none ends', 'SELECT 1', []],
  ])('%s', async (_, text, wanted) => {
    expect(await seen(text)).toEqual(wanted);
    expect(await seen(text, [1])).toEqual(wanted);
  });
});

describe('quotes are read', () => {
  const program = (mode: string, body: string) =>
    `/*!50003 SET sql_mode              = '${mode}' */ ;\nDELIMITER ;;\n${body};;\nDELIMITER ;\n/*!50003 SET sql_mode              = @saved_sql_mode */ ;\nSELECT 'it\\'s;';\n`;

  test.each([
    ['NO_BACKSLASH_ESCAPES', `CREATE a SELECT '\\'`],
    ['ANSI_QUOTES', `CREATE a SELECT "\\"`],
    ['STRICT_ALL_TABLES,ANSI_QUOTES,NO_BACKSLASH_ESCAPES', `CREATE a SELECT '\\', "\\"`],
    ['', `CREATE a SELECT '\\';;', "\\";;"`],
  ])('as the mode %j of the program says, and after it as before', async (mode, body) => {
    const statements = await seen(program(mode, body), [7]);
    expect(statements[1]).toBe(body);
    expect(statements.at(-1)).toBe(`SELECT 'it\\'s;'`);
  });

  test('and the rewriting is told', async () => {
    const told: unknown[] = [];
    await passed(program('ANSI_QUOTES', 'CREATE a'), (statement, quoting) => {
      if (statement.startsWith('CREATE')) told.push(quoting);
      return statement;
    });
    expect(told).toEqual([{ ansi: true, noBackslash: false }]);
  });
});

test('a statement that is changed keeps what is around it, whatever the chunks', async () => {
  const text = '-- é\n\nSELECT 1;\nDELIMITER ;;\nSELECT 2 ;;\nDELIMITER ;\n-- end\n';
  await fc.assert(
    fc.asyncProperty(pieceSizes, async (sizes) => {
      const out = await passed(text, (statement) => `<${statement}>`, sizes);
      expect(out).toBe('-- é\n\n<SELECT 1>;\nDELIMITER ;;\n<SELECT 2 >;;\nDELIMITER ;\n-- end\n');
    }),
  );
});

test('any text passes as it is, whatever the chunks', async () => {
  const piece = fc.constantFrom(
    ...["'", '"', '`', '\\', ';', ';;', '\n', ' ', '--', '-- ', '#', '/*', '/*!', '*/', 'é', 'a'],
    ...['DELIMITER ;;\n', 'delimiter', "/*!1 SET SQL_MODE='ANSI_QUOTES' */;"],
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece), pieceSizes, async (pieces, sizes) => {
      const text = pieces.join('');
      expect(await seen(text, sizes)).toEqual(await seen(text));
    }),
  );
});

describe.each(['mariadb', 'mysql'])('a dump of %s', (engine) => {
  const text = readFileSync(new URL(`dumps/${engine}.objects.sql`, import.meta.url), 'utf8');

  test('is taken apart into the same statements at every boundary', async () => {
    const wanted = await seen(text);
    expect(
      wanted.filter((statement) => /^(\/\*!\d+ )?CREATE/.test(statement)).length,
    ).toBeGreaterThan(12);
    // Pieces of one byte: every boundary is one.
    for (const size of [1, 2, 3, 64, 1000]) expect(await seen(text, [size])).toEqual(wanted);
  });
});
