import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { definerRewrite } from '../../../src/restore/definer.js';
import { rewritten } from '../../../src/restore/statements.js';
import { inPieces, through } from '../util/pieces.js';

const plain = { ansi: false, noBackslash: false };
const ansi = { ansi: true, noBackslash: true };

const heads: [string, string, string, typeof plain?][] = [
  [
    'a trigger',
    '/*!50003 CREATE*/ /*!50017 DEFINER=`r`@`%`*/ /*!50003 TRIGGER `t` BEFORE INSERT ON `a` FOR EACH ROW SET @a = 1 */',
    'DEFINER=`r`@`%`',
  ],
  [
    'an event',
    "/*!50106 CREATE*/ /*!50117 DEFINER=``@`%`*/ /*!50106 EVENT `e` ON SCHEDULE EVERY 1 DAY DO SELECT 'DEFINER=`a`@`b`' */",
    'DEFINER=``@`%`',
  ],
  [
    'a procedure',
    'CREATE DEFINER=`r`@`localhost` PROCEDURE `p`()\nSELECT 1',
    'DEFINER=`r`@`localhost`',
  ],
  [
    'a function',
    'CREATE DEFINER=`r`@`localhost` FUNCTION `DEFINER`() RETURNS int(11)\nRETURN 1',
    'DEFINER=`r`@`localhost`',
  ],
  [
    'a package body',
    'CREATE DEFINER="root"@"localhost" PACKAGE BODY "pack" AS BEGIN END',
    'DEFINER="root"@"localhost"',
    ansi,
  ],
  ['a role', 'CREATE DEFINER=`arole` PROCEDURE `p`()\nSELECT 1', 'DEFINER=`arole`'],
  [
    'a view',
    '/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`r`@`%` SQL SECURITY DEFINER */\n/*!50001 VIEW `v` AS select 1 AS `DEFINER` */',
    'DEFINER=`r`@`%`',
  ],
  [
    'a view of a role',
    '/*!50001 CREATE ALGORITHM=UNDEFINED DEFINER=`arole` SQL SECURITY DEFINER VIEW `v` AS select 1 AS `1` */',
    'DEFINER=`arole`',
  ],
  [
    'an account that looks like SQL',
    'CREATE DEFINER=`we``ird\';-- */x/* "q PROCEDURE`@`TRIGGER` PROCEDURE `p`()\nSELECT 1',
    'DEFINER=`we``ird\';-- */x/* "q PROCEDURE`@`TRIGGER`',
  ],
  [
    'an account with a line break',
    '/*!50003 CREATE*/ /*!50017 DEFINER=`new\nline`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET @a = 1 */',
    'DEFINER=`new\nline`@`%`',
  ],
  [
    'an account in double quotes',
    'CREATE DEFINER="a""b\\"@"%" PROCEDURE "p"()\nSELECT 1',
    'DEFINER="a""b\\"@"%"',
    ansi,
  ],
];

test.each(heads)('the definer of %s', (_, statement, clause, quoting = plain) => {
  expect(statement).toContain(clause);
  expect(definerRewrite('current')(statement, quoting)).toBe(
    statement.replace(clause, () => 'DEFINER=CURRENT_USER'),
  );
  expect(definerRewrite('drop')(statement, quoting)).toBe(statement.replace(clause, ''));
});

test.each([
  ['a head that has none', 'CREATE PROCEDURE `p`()\nSELECT 1'],
  [
    'a view that has none',
    '/*!50001 CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `v` AS select 1 */',
  ],
  ['a body', "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET @a = 'x', @b = DEFINER=`a`@`b`"],
  ['a string', "SELECT 'CREATE DEFINER=`a`@`b` PROCEDURE `p`()'"],
  ['a setting', '/*!50003 SET sql_mode = `CREATE DEFINER=a@b VIEW` */'],
])('%s is left alone', (_, statement) => {
  for (const to of ['current', 'drop'] as const)
    expect(definerRewrite(to)(statement, plain)).toBe(statement);
});

describe.each(['mariadb.objects', 'mysql.objects', 'mariadb.views', 'mysql.views'])(
  'a dump: %s',
  (file) => {
    const text = readFileSync(new URL(`dumps/${file}.sql`, import.meta.url), 'utf8');
    const account = '(?:`(?:[^`]|``)*`|"[^"]*")';
    // What precedes a head, and never precedes such a text in the bodies of these dumps.
    const clause = new RegExp(
      `(?<=^CREATE |/\\*!50017 |/\\*!50117 |/\\*!50013 |UNDEFINED )DEFINER=${account}(?:@${account})?`,
      'gm',
    );

    test.each([
      ['current', 'DEFINER=CURRENT_USER'],
      ['drop', ''],
    ] as const)('%s changes every head and nothing else, at every boundary', async (to, by) => {
      const heads = text.match(clause)!;
      expect(heads.length).toBeGreaterThan(2);
      const wanted = text.replaceAll(clause, by);
      for (const size of [1, 2, 3, 1 << 20]) {
        const out = await through(rewritten(definerRewrite(to)), inPieces(text, [size]));
        expect(out.toString()).toBe(wanted);
      }
    });
  },
);
