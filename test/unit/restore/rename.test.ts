import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mentionLines, type Mention } from '../../../src/restore/mention.js';
import { renameRewrite } from '../../../src/restore/rename.js';
import { grantRewrite } from '../../../src/restore/renameGrants.js';
import { hostileNames, quoted } from '../../rig/hostile/names.js';

const plain = { ansi: false, noBackslash: false };
const latin1 = (text: string) => Buffer.from(text).toString('latin1');

function renamed(sql: string, from = 'shop', to = 'copy', database = from) {
  const mentions: Mention[] = [];
  const rewrite = renameRewrite(new Map([[from, to]]), database, (one) => mentions.push(one));
  const out = rewrite(latin1(sql), plain);
  return { sql: Buffer.from(out, 'latin1').toString('utf8'), mentions };
}

describe('a table', () => {
  const table = (line: string, rest = '') =>
    `CREATE TABLE \`t\` (\n  \`id\` int,\n  ${line}\n) ENGINE=InnoDB${rest}`;
  test.each([
    [
      'a foreign key',
      table('CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `shop`.`a` (`id`)'),
      '`shop`.`a`',
    ],
    ['a default from a sequence', table('`s` bigint DEFAULT nextval(`shop`.`sq`)'), '`shop`.`sq`'],
    [
      'the last value of a sequence',
      table('`s` bigint DEFAULT lastval(`shop`.`sq`)'),
      '`shop`.`sq`',
    ],
    ['a union', table('`a` int', ' UNION=(`m`,`shop`.`m1`)'), '`shop`.`m1`'],
    ['the first of a union', table('`a` int', ' UNION=(`shop`.`m1`,`m`)'), '`shop`.`m1`'],
  ])('%s', (_, sql, name) => {
    expect(renamed(sql).sql).toBe(sql.replace(name, name.replace('shop', 'copy')));
    expect(renamed(sql, 'shop', 'copy', 'other').sql).toBe(renamed(sql).sql);
    expect(renamed(sql, 'other').sql).toBe(sql);
  });

  test.each([
    ['a comment', table("`a` int COMMENT 'REFERENCES `shop`.`a`'")],
    ['a default', table("`a` varchar(50) DEFAULT 'nextval(`shop`.`sq`)'")],
    [
      'a generated column',
      table("`a` varchar(80) GENERATED ALWAYS AS (concat('`shop`.',`t`)) VIRTUAL"),
    ],
    ['a check', table("CONSTRAINT `c` CHECK (`shop` <> '`shop`.`x`')")],
    [
      'a table called so',
      'CREATE TABLE `shop` (`shop` int, FOREIGN KEY (`shop`) REFERENCES `shop` (`shop`))',
    ],
    [
      'a foreign key to a table called so',
      'CREATE TABLE `t` (`a` int, FOREIGN KEY (`a`) REFERENCES `x`.`shop` (`id`))',
    ],
  ])('%s stays', (_, sql) => {
    expect(renamed(sql).sql).toBe(sql);
  });
});

describe('a view', () => {
  const view = (body: string) =>
    `/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=\`shop\`@\`shop\` SQL SECURITY DEFINER */\n/*!50001 VIEW \`shop\` AS ${body} */`;

  test.each([
    ['a table', 'select `a1`.`id` AS `id` from #.`a` `a1`'],
    ['a column of it', 'select #.`a`.`id` AS `id` from #.`a`'],
    ['a joined table', 'select 1 AS `1` from (#.`a` join #.`b` on(`b`.`x` = #.`a`.`y`))'],
    [
      'a table in nested parentheses',
      'select 1 AS `1` from (((#.`a` left join `c` on((1 = 1))) join #.`b`))',
    ],
    ['a straight join', 'select 1 AS `1` from (`a` straight_join #.`b`)'],
    ['a function', 'select #.`f`(`a`.`id`) AS `x` from `a`'],
    ['a sequence', 'select nextval(#.`sq`) AS `x`'],
    [
      'a subquery',
      'select (select max(#.`b`.`id`) from #.`b`) AS `x` from `a` where exists(select 1 from #.`c`)',
    ],
    ['a derived table', 'select `d`.`x` AS `x` from (select #.`b`.`x` AS `x` from #.`b`) `d`'],
    ['a union', 'select 1 AS `1` from #.`a` union select 2 AS `2` from #.`b`'],
    [
      'a common table expression',
      'with `w` as (select #.`a`.`x` AS `x` from #.`a`) select `w`.`x` AS `x` from `w`',
    ],
  ])('%s', (_, body) => {
    const sql = view(body.replaceAll('#', '`shop`'));
    expect(renamed(sql).sql).toBe(view(body.replaceAll('#', '`copy`')));
  });

  test.each([
    ['an alias', 'select `shop`.`id` AS `id`,`shop`.`a` AS `a` from `c` `shop`'],
    ['an alias in ON', 'select 1 AS `1` from (`c` `shop` join `d` on(`shop`.`id` = `d`.`id`))'],
    ['an alias in EXTRACT', 'select extract(year from `shop`.`day`) AS `y` from `c` `shop`'],
    ['an alias in TRIM', "select trim(both 'x' from `shop`.`name`) AS `y` from `c` `shop`"],
    [
      'an alias after a modifier',
      'select straight_join `shop`.`x` AS `x` from (`c` `shop` join `d`)',
    ],
    ['an alias in a function', 'select concat(`shop`.`x`,(`shop`.`y`)) AS `x` from `c` `shop`'],
    [
      'a common table expression',
      'with shop as (select `c`.`id` AS `a` from `c`)select `shop`.`a` AS `a` from `shop`',
    ],
    ['a string', "select '`shop`.`a`' AS `lit`,'\\'from `shop`.`a`' AS `shop`"],
    ['a table of another database', 'select `x`.`shop`.`id` AS `id` from `x`.`shop`'],
  ])('%s stays', (_, body) => {
    expect(renamed(view(body)).sql).toBe(view(body));
  });
});

describe('a trigger', () => {
  const trigger = (head: string, body = 'SET @a = 1') =>
    `/*!50003 CREATE*/ /*!50017 DEFINER=\`shop\`@\`%\`*/ /*!50003 ${head} FOR EACH ROW ${body} */`;

  test.each([
    ['as typed', 'TRIGGER shop.t BEFORE INSERT ON shop.a', 'TRIGGER t BEFORE INSERT ON a'],
    [
      'in quotes',
      'TRIGGER `shop`.`t` AFTER DELETE ON `shop`.`a`',
      'TRIGGER `t` AFTER DELETE ON `a`',
    ],
    [
      'with comments',
      'trigger /* c */ `shop` . t /* `shop`.x */ before insert on  shop /*x*/ . a',
      'trigger /* c */   t /* `shop`.x */ before insert on   /*x*/  a',
    ],
    ['of the table only', 'TRIGGER t BEFORE INSERT ON shop.a', 'TRIGGER t BEFORE INSERT ON a'],
    [
      'if it does not exist',
      'TRIGGER IF NOT EXISTS shop.t BEFORE UPDATE ON a',
      'TRIGGER IF NOT EXISTS t BEFORE UPDATE ON a',
    ],
    [
      'of columns',
      'TRIGGER shop.t BEFORE UPDATE OF a, `on` ON shop.a',
      'TRIGGER t BEFORE UPDATE OF a, `on` ON a',
    ],
  ])('has no database in its head: %s', (_, head, wanted) => {
    expect(renamed(trigger(head)).sql).toBe(trigger(wanted));
    expect(renamed(trigger(head), 'other', 'copy', 'shop').sql).toBe(trigger(head));
  });

  test('keeps its body, and that is told when it names the database', () => {
    const body = 'INSERT INTO shop.log VALUES (1)';
    const { sql, mentions } = renamed(trigger('TRIGGER shop.`é` AFTER INSERT ON shop.a', body));
    expect(sql).toBe(trigger('TRIGGER `é` AFTER INSERT ON a', body));
    expect(mentions).toEqual([{ object: 'trigger copy.é', database: 'shop' }]);
    expect(mentionLines(mentions, new Map([['shop', 'copy']]))).toEqual([
      'look through trigger copy.é: the text still names shop, which is copy here',
    ]);
  });
});

describe('a program', () => {
  test.each([
    ['before a dot', 'SELECT * FROM shop.a', true],
    ['in quotes', 'SELECT * FROM `shop` . `a`', true],
    ['in other case', 'SELECT * FROM Shop.a', true],
    ['in SQL that it puts together', "PREPARE s FROM 'SELECT * FROM shop.a'", true],
    ['as a value', "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop'", true],
    ['as a variable', 'SELECT shop, @shop', false],
    ['within another name', 'SELECT * FROM workshop.a, my_shop.b', false],
    ['in a sentence', "SELECT 'the shop is open'", false],
  ])('that names the database %s', (_, body, wanted) => {
    const sql = `CREATE DEFINER=\`shop\`@\`%\` PROCEDURE \`p\`()\n${body}`;
    const { sql: out, mentions } = renamed(sql);
    expect(out).toBe(sql);
    expect(mentions).toEqual(wanted ? [{ object: 'procedure copy.p', database: 'shop' }] : []);
    const elsewhere = renamed(sql, 'shop', 'copy', 'other').mentions;
    expect(elsewhere).toEqual(wanted ? [{ object: 'procedure other.p', database: 'shop' }] : []);
  });

  test('is named once a line, and only the first of many', () => {
    const mentions = Array.from({ length: 13 }, (_, i) => ({
      object: `event b.e${i}`,
      database: 'a',
    }));
    const [line, ...others] = mentionLines(mentions, new Map([['a', 'b']]));
    expect(others).toEqual([]);
    expect(line).toMatch(/^look through event b\.e0, .*e9 and 3 others: /);
  });
});

test('any name becomes any other, and two change places', () => {
  const name = fc.constantFrom(...hostileNames, 'shop', 'SELECT', "'");
  fc.assert(
    fc.property(name, name, name, (from, to, third) => {
      const sql = (database: string) =>
        `CREATE TABLE \`t\` (FOREIGN KEY (\`a\`) REFERENCES ${quoted(database)}.\`a\` (\`id\`))`;
      expect(renamed(sql(from), from, to).sql).toBe(sql(to));
      fc.pre(from !== third);
      expect(renamed(sql(third), from, to).sql).toBe(sql(third));
      const swap = renameRewrite(
        new Map([
          [from, third],
          [third, from],
        ]),
        'x',
        () => undefined,
      );
      expect(swap(latin1(sql(from) + sql(third)), plain)).toBe(latin1(sql(third) + sql(from)));
    }),
  );
});

describe('a grant', () => {
  const renames = new Map([
    ['my_shop', 'a_copy'],
    ['shop', 'copy'],
  ]);
  test.each([
    ['GRANT SELECT ON `shop`.* TO `u`@`%`', 'GRANT SELECT ON `copy`.* TO `u`@`%`'],
    ['GRANT SELECT ON `my\\_shop`.* TO `u`@`%`', 'GRANT SELECT ON `a\\_copy`.* TO `u`@`%`'],
    ['GRANT SELECT ON `my_shop`.* TO `u`@`%`', 'GRANT SELECT ON `a_copy`.* TO `u`@`%`'],
    [
      'GRANT SELECT (`ON`) ON `my_shop`.`a` TO `u`@`%`',
      'GRANT SELECT (`ON`) ON `a_copy`.`a` TO `u`@`%`',
    ],
    [
      'GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `u`@`%`',
      'GRANT EXECUTE ON PROCEDURE `copy`.`p` TO `u`@`%`',
    ],
    [
      'GRANT EXECUTE ON PACKAGE BODY `shop`.`p` TO `u`@`%`',
      'GRANT EXECUTE ON PACKAGE BODY `copy`.`p` TO `u`@`%`',
    ],
    ['REVOKE INSERT ON `shop`.* FROM `u`@`%`', 'REVOKE INSERT ON `copy`.* FROM `u`@`%`'],
  ])('%s', (sql, wanted) => {
    expect(grantRewrite(renames)(sql, plain)).toBe(wanted);
  });

  test.each([
    'GRANT SELECT ON *.* TO `shop`@`%`',
    'GRANT SELECT ON `sh%`.* TO `u`@`%`',
    'GRANT `shop` TO `u`@`%`',
    "CREATE USER IF NOT EXISTS `shop`@`%` COMMENT 'ON `shop`.*'",
    'GRANT PROXY ON `shop`@`%` TO `u`@`%`',
  ])('%s stays', (sql) => {
    expect(grantRewrite(renames)(sql, plain)).toBe(sql);
  });

  test('on a database whose new name is a pattern is on that database alone', () => {
    const one = grantRewrite(new Map([['shop', 'my_shop']]));
    expect(one('GRANT SELECT ON `shop`.* TO `u`@`%`', plain)).toBe(
      'GRANT SELECT ON `my\\_shop`.* TO `u`@`%`',
    );
    expect(one('GRANT SELECT ON `shop`.`a` TO `u`@`%`', plain)).toBe(
      'GRANT SELECT ON `my_shop`.`a` TO `u`@`%`',
    );
  });
});
