import { hostileNames, literal, quoted } from './names.js';

/** Databases and tables of every hostile name, with views and stored programs called the same. */
export function nameStatements(): string[] {
  const statements: string[] = [];
  for (const name of hostileNames) {
    const db = quoted(name);
    statements.push(
      `CREATE DATABASE ${db} CHARACTER SET latin1`,
      `CREATE TABLE ${db}.${db} (id INT PRIMARY KEY, ${db} VARCHAR(100), KEY ${db} (${db})) COMMENT ${literal(name)}`,
      `INSERT INTO ${db}.${db} VALUES (1, 'one'), (2, NULL), (3, '')`,
      `CREATE VIEW ${db}.v AS SELECT ${db} FROM ${db}.${db}`,
    );
  }
  const db = quoted('a/b');
  for (const name of hostileNames) {
    if (name !== 'a/b') {
      statements.push(
        `CREATE TABLE ${db}.${quoted(name)} (id INT PRIMARY KEY, v VARCHAR(100) CHARACTER SET utf8mb4)`,
        `INSERT INTO ${db}.${quoted(name)} VALUES (1, ${literal(name)})`,
      );
    }
    statements.push(
      `CREATE VIEW ${db}.${quoted(`v ${name}`.slice(0, 64))} AS SELECT * FROM ${db}.${quoted(name)}`,
    );
    // Triggers and stored programs of names that differ in case only are one.
    if (name === 'case') continue;
    statements.push(
      `CREATE TRIGGER ${db}.${quoted(name)} BEFORE INSERT ON ${db}.${quoted(name)} FOR EACH ROW SET NEW.id = NEW.id + 0`,
      `CREATE PROCEDURE ${db}.${quoted(name)}(IN ${quoted(name)} INT) COMMENT ${literal(name)} SELECT ${literal(name)}`,
      `CREATE FUNCTION ${db}.${quoted(name)}() RETURNS INT DETERMINISTIC RETURN 1`,
      `CREATE EVENT ${db}.${quoted(name)} ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO SET @x = ${literal(name)}`,
    );
  }
  return statements;
}

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('hex');

/** Every column type that both servers have, with values at and beyond the edges. */
export const typeStatements = [
  'CREATE DATABASE kinds CHARACTER SET utf8mb4',
  `CREATE TABLE kinds.numbers (
    id INT AUTO_INCREMENT PRIMARY KEY, t TINYINT, tu TINYINT UNSIGNED, s SMALLINT, m MEDIUMINT UNSIGNED,
    i INT ZEROFILL, b BIGINT, bu BIGINT UNSIGNED, d DECIMAL(65,30), f FLOAT, df DOUBLE, fu FLOAT(7,3), bl BOOL,
    b1 BIT(1), b64 BIT(64), y YEAR
  ) AUTO_INCREMENT = 1000`,
  `INSERT INTO kinds.numbers (t, tu, s, m, i, b, bu, d, f, df, fu, bl, b1, b64, y) VALUES
    (-128, 255, -32768, 16777215, 42, -9223372036854775808, 18446744073709551615,
     -99999999999999999999999999999999999.999999999999999999999999999999, 3.5, -1.7976931348623157e308, 1.125, TRUE, b'1', X'FFFFFFFFFFFFFFFF', 2155),
    (127, 0, 32767, 0, 0, 9223372036854775807, 0, 1e-30, -0.0, 2.2250738585072014e-308, -1.125, FALSE, b'0', 0, 1901),
    (0, 0, 0, 0, 0, 0, 0, 0, 0.1, 0.1, 0, NULL, NULL, X'0000000000000001', 0),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
  `CREATE TABLE kinds.times (
    id INT PRIMARY KEY, d DATE, dt DATETIME(6), ts TIMESTAMP(6) NULL, t TIME(6),
    made TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
  )`,
  `INSERT INTO kinds.times VALUES
    (1, '1000-01-01', '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07.999999', '-838:59:59.000000', '2001-01-01 01:01:01'),
    (2, '0000-00-00', '0000-00-00 00:00:00', '0000-00-00 00:00:00', '838:59:59', '2026-10-25 00:30:00'),
    (3, '2024-00-00', '2024-02-29 12:00:00.000001', '2026-10-25 01:30:00', '00:00:00.000001', '2026-10-25 01:30:00'),
    (4, NULL, NULL, NULL, NULL, '2026-03-29 02:30:00')`,
  `CREATE TABLE kinds.strings (
    id INT PRIMARY KEY, c CHAR(10), v VARCHAR(500), b BINARY(16), vb VARBINARY(300), tb TINYBLOB, bl BLOB,
    mb MEDIUMBLOB, lb LONGBLOB, tt TINYTEXT, te TEXT, mt MEDIUMTEXT, lt LONGTEXT,
    e ENUM('a','it''s','','☕','NULL'), s SET('x','y','z')
  )`,
  `INSERT INTO kinds.strings VALUES
    (1, 'NULL', ${literal(`quote ' double " back \\ nul \0 lf \n cr \r tab \t sub \x1a semi ; -- comment /* c */ # DELIMITER ;;`)},
     X'00', X'${everyByte}', X'00FF', X'${everyByte}', X'${everyByte}', X'${everyByte}', '😀', '𝒳𐍈', ${literal('\u{10FFFF}\u0001')}, '', 'a', 'x,z'),
    (2, '', '\\\\N', '', '', '', '', '', '', '', '', '', '', '', ''),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, ' lead', 'trail  ', 'x', 'x ', '0x41', '0x', 'x', 'x', 'é', ${literal('\n-- Dump completed\nDROP TABLE x;\n')}, ${literal('-- Dumping data for table `strings`\n')}, '☕', 'it''s', 'y')`,
  `CREATE TABLE kinds.latin (id INT PRIMARY KEY, l VARCHAR(300) CHARACTER SET latin1, u VARCHAR(50) CHARACTER SET utf8mb3, g VARCHAR(50) CHARACTER SET gbk, uc VARCHAR(50) CHARACTER SET utf16, s VARCHAR(50) CHARACTER SET sjis)`,
  `INSERT INTO kinds.latin VALUES (1, CONVERT(X'${everyByte.slice(64)}' USING latin1), 'é☕', '漢字', '😀', 'ソ表')`,
  `INSERT INTO kinds.latin VALUES (2, 'Ã©', '', NULL, '', NULL)`,
  `CREATE TABLE kinds.json (id INT PRIMARY KEY, j JSON)`,
  `INSERT INTO kinds.json VALUES (1, '{"a": [1, 2.5, null, true, "x\\\\"y\\\\u0000 \\\\\\\\ 😀"], "": {}}'), (2, '[]'), (3, 'null'), (4, NULL), (5, '"\\\\n"'), (6, '12345678901234567890'), (7, '1e100')`,
  `CREATE TABLE kinds.shapes (id INT PRIMARY KEY, g GEOMETRY, p POINT NOT NULL, l LINESTRING, po POLYGON, mp MULTIPOINT, gc GEOMETRYCOLLECTION, SPATIAL INDEX (p))`,
  `INSERT INTO kinds.shapes VALUES (1, ST_GeomFromText('POINT(1 2)'), ST_GeomFromText('POINT(-0.1 1e300)'), ST_GeomFromText('LINESTRING(0 0,1 1,2 2)'), ST_GeomFromText('POLYGON((0 0,10 0,10 10,0 0))'), ST_GeomFromText('MULTIPOINT(1 1,2 2)'), ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1))')),
    (2, NULL, ST_GeomFromText('POINT(0 0)'), NULL, NULL, NULL, NULL)`,
];

/** Tables of unusual shape. */
export const shapeStatements = [
  'CREATE DATABASE shapes CHARACTER SET utf8mb4',
  'CREATE TABLE shapes.empty_table (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT) AUTO_INCREMENT = 77',
  'CREATE TABLE shapes.no_key (a INT, b VARCHAR(20))',
  "INSERT INTO shapes.no_key VALUES (1, 'twice'), (1, 'twice'), (NULL, NULL), (2, '')",
  'CREATE TABLE shapes.my_isam (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100), FULLTEXT KEY words (v)) ENGINE=MyISAM',
  "INSERT INTO shapes.my_isam (v) VALUES ('some words'), ('other words'), (NULL)",
  'CREATE TABLE shapes.archived (id INT, v VARCHAR(10)) ENGINE=ARCHIVE',
  "INSERT INTO shapes.archived VALUES (1, 'a'), (2, 'b')",
  `CREATE TABLE shapes.generated (
    id INT PRIMARY KEY, a INT, v INT GENERATED ALWAYS AS (a * 2) VIRTUAL, s VARCHAR(50) GENERATED ALWAYS AS (CONCAT('x', a)) STORED,
    hidden VARCHAR(10) INVISIBLE DEFAULT 'secret', KEY (v), KEY (s))`,
  "INSERT INTO shapes.generated (id, a, hidden) VALUES (1, 10, 'h1'), (2, NULL, NULL), (3, -5, DEFAULT)",
  `CREATE TABLE shapes.ranges (id INT NOT NULL, d DATE NOT NULL, v VARCHAR(10), PRIMARY KEY (id, d))
    PARTITION BY RANGE (YEAR(d)) (PARTITION old VALUES LESS THAN (2020), PARTITION p2025 VALUES LESS THAN (2026), PARTITION rest VALUES LESS THAN MAXVALUE)`,
  "INSERT INTO shapes.ranges VALUES (1, '2010-01-01', 'a'), (2, '2025-06-01', 'b'), (3, '2026-06-01', 'c')",
  `CREATE TABLE shapes.hashes (id INT PRIMARY KEY, v INT) PARTITION BY HASH (id) PARTITIONS 4`,
  'INSERT INTO shapes.hashes VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)',
  'CREATE TABLE shapes.egg (id INT PRIMARY KEY, hen INT, KEY (hen))',
  'CREATE TABLE shapes.hen (id INT PRIMARY KEY, egg INT, KEY (egg), CONSTRAINT from_egg FOREIGN KEY (egg) REFERENCES shapes.egg (id))',
  'ALTER TABLE shapes.egg ADD CONSTRAINT from_hen FOREIGN KEY (hen) REFERENCES shapes.hen (id) ON DELETE CASCADE',
  'CREATE TABLE shapes.selfish (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES shapes.selfish (id))',
  'SET foreign_key_checks = 0',
  'INSERT INTO shapes.egg VALUES (1, 1), (2, NULL)',
  'INSERT INTO shapes.hen VALUES (1, 1)',
  'INSERT INTO shapes.selfish VALUES (1, 2), (2, 1), (3, 3)',
  'SET foreign_key_checks = 1',
  'CREATE DATABASE other',
  'CREATE TABLE other.refers (id INT PRIMARY KEY, egg INT, CONSTRAINT across FOREIGN KEY (egg) REFERENCES shapes.egg (id))',
  'INSERT INTO other.refers VALUES (1, 1)',
  `CREATE TABLE shapes.many_columns (id INT PRIMARY KEY, ${Array.from({ length: 400 }, (_, i) => `c${i} INT`).join(', ')})`,
  `INSERT INTO shapes.many_columns (id, c0, c399) VALUES (1, 2, 3)`,
  'CREATE TABLE shapes.huge (id INT PRIMARY KEY, b LONGBLOB, t LONGTEXT)',
  "INSERT INTO shapes.huge VALUES (1, REPEAT(X'00FF27225C0A0D', 4793490), NULL), (2, NULL, REPEAT('é''\\\\', 8388608))",
];

/** Views on views, across databases, and stored programs with bodies and modes of their own. */
export const programStatements = [
  'CREATE DATABASE programs CHARACTER SET utf8mb4',
  'CREATE DATABASE zz_last CHARACTER SET utf8mb4',
  'CREATE TABLE programs.log (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(100))',
  'CREATE VIEW zz_last.base_view AS SELECT id, what FROM programs.log',
  'CREATE VIEW programs.a_on_b AS SELECT id FROM zz_last.base_view WHERE id > 0 WITH CHECK OPTION',
  'CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW programs.z_view AS SELECT * FROM programs.a_on_b',
  'CREATE VIEW programs.a_view AS SELECT * FROM programs.z_view',
  "CREATE FUNCTION programs.twice(x INT) RETURNS INT DETERMINISTIC NO SQL COMMENT 'it''s' RETURN x * 2",
  'CREATE VIEW programs.with_function AS SELECT programs.twice(id) AS two FROM programs.log',
  `CREATE PROCEDURE programs.looping(IN n INT, OUT total BIGINT, INOUT label VARCHAR(20))
BEGIN
  DECLARE i INT DEFAULT 0;
  DECLARE CONTINUE HANDLER FOR SQLEXCEPTION SET total = -1;
  -- a comment with ;; and DELIMITER
  SET total = 0;
  WHILE i < n DO SET total = total + programs.twice(i); SET i = i + 1; END WHILE;
  INSERT INTO programs.log (what) VALUES ('Dump completed
-- Dump completed on 2020-01-01');
END`,
  `CREATE TRIGGER programs.after_log AFTER INSERT ON programs.log FOR EACH ROW
BEGIN
  IF NEW.what = 'x;y' THEN SET @seen = 'DELIMITER ;;'; END IF;
END`,
  'CREATE TRIGGER programs.after_log_2 AFTER INSERT ON programs.log FOR EACH ROW FOLLOWS after_log SET @second = 1',
  "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
  `CREATE TRIGGER programs.ansi BEFORE DELETE ON programs.log FOR EACH ROW SET @"a b" = '\\'`,
  `CREATE PROCEDURE programs.ansi_procedure() SELECT '\\' AS "quoted"`,
  "SET sql_mode = ''",
  'CREATE DEFINER=`nobody@here`@`%` PROCEDURE programs.orphan() SQL SECURITY INVOKER SELECT 1',
  "CREATE EVENT programs.nightly ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 03:00:00' ON COMPLETION PRESERVE COMMENT 'it''s' DO BEGIN INSERT INTO programs.log (what) VALUES ('night;'); END",
  "CREATE EVENT programs.off_event ON SCHEDULE AT '2037-01-01' DISABLE DO SELECT 1",
  // In one packet, as migration tools send them: the servers may keep the semicolons.
  `CREATE TRIGGER programs.in_packet BEFORE UPDATE ON programs.log FOR EACH ROW SET NEW.what = CONCAT(OLD.what, ';');
   CREATE EVENT programs.in_packet ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO SET @a = ';' ;
   CREATE PROCEDURE programs.in_packet() SELECT 1 /* c; */ ;
   CREATE VIEW programs.in_packet AS SELECT 1 ;
   SELECT 1`,
  "INSERT INTO programs.log (what) VALUES ('x;y'), ('☕')",
];
