import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pair, target } from '../rig/shared.js';
import { emptyServer } from '../rig/index.js';
import { engine, setUp, type Setup } from './cli.js';

// Two small databases that name each other everywhere a server lets them.

const onlyGrown = { databases: { include: ['grown', 'grown_too'] } };
/** A copy of the store with their backup, which is taken once in a file. */
let kept: string | null = null;

/** A store with a backup of the two, and an empty target. */
export async function grownBackup(): Promise<Setup> {
  const setup = await setUp({ pair: onlyGrown });
  if (kept === null) {
    await setup.ok('backup', '--quiet');
    kept = await mkdtemp(join(tmpdir(), 'stillpoint-grown-'));
    await cp(setup.storePath, kept, { recursive: true });
  } else await cp(kept, setup.storePath, { recursive: true });
  await emptyServer(target);
  return setup;
}

/** Makes them on the source, and waits until the replica has them. */
export async function growDatabases(): Promise<void> {
  await dropGrown();
  const connection = await pair.source.connect();
  for (const sql of [...statements, ...(engine === 'mariadb' ? mariadb : [])]) {
    await connection.query(sql);
  }
  await connection.end();
  await pair.waitForCatchUp();
}

/** Removes them, and the copy of their backup. */
export async function dropGrown(): Promise<void> {
  if (kept !== null) await rm(kept, { recursive: true });
  kept = null;
  await pair.source.query('DROP DATABASE IF EXISTS grown_too; DROP DATABASE IF EXISTS grown');
  await pair.waitForCatchUp();
}

const statements = [
  'CREATE DATABASE grown CHARACTER SET latin1',
  'CREATE DATABASE grown_too CHARACTER SET utf8mb4',
  'USE grown_too',
  'CREATE TABLE grown.item (id INT AUTO_INCREMENT PRIMARY KEY, parent INT, name VARCHAR(50), FOREIGN KEY (parent) REFERENCES grown.item (id)) AUTO_INCREMENT = 1000',
  "INSERT INTO grown.item VALUES (1, NULL, 'one'), (2, 1, 'two'), (3, 1, 'three')",
  'CREATE TABLE grown.no_key (a INT, b VARCHAR(20))',
  "INSERT INTO grown.no_key VALUES (1, 'twice'), (1, 'twice'), (NULL, NULL)",
  'CREATE TABLE grown.grown (id INT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 77',
  'CREATE TABLE grown.old_rows (id INT PRIMARY KEY, v VARCHAR(10)) ENGINE=MyISAM',
  "INSERT INTO grown.old_rows VALUES (1, 'a'), (2, 'b')",
  "CREATE TABLE grown_too.refers (id INT PRIMARY KEY, item INT COMMENT 'REFERENCES `grown`.`item`', CONSTRAINT across FOREIGN KEY (item) REFERENCES grown.item (id))",
  'INSERT INTO grown_too.refers VALUES (1, 2), (2, 2)',
  // So that this database comes first, though it draws from a sequence of the other.
  `CREATE TABLE grown_too.wide (${Array.from({ length: 200 }, (_, i) => `column_${i} INT`).join(', ')})`,
  'CREATE TABLE grown_too.log (what VARCHAR(100))',
  // Its rows make a part of their own: they are not dumped in the bytes that the server stores.
  'CREATE TABLE grown.bytes (id INT PRIMARY KEY, b BLOB)',
  "INSERT INTO grown.bytes VALUES (1, X'00FF')",
  'CREATE TABLE grown_too.merged (id INT PRIMARY KEY, v VARCHAR(10)) ENGINE=MERGE UNION=(grown.old_rows) DEFAULT CHARSET=latin1',
  'CREATE FUNCTION grown.twice(x INT) RETURNS INT DETERMINISTIC NO SQL RETURN x * 2',
  'CREATE VIEW grown.own AS SELECT i.id, grown.twice(i.id) AS two FROM grown.item i JOIN grown_too.refers r ON r.item = i.id',
  'CREATE VIEW grown_too.others AS SELECT item.name, (SELECT MAX(grown.no_key.a) FROM grown.no_key) AS a FROM grown.item JOIN grown.own ON grown.own.id = item.id',
  "CREATE VIEW grown_too.alias AS SELECT grown.id, EXTRACT(YEAR FROM '2020-01-01') AS y FROM refers AS grown WHERE grown.id > 0",
  'CREATE TRIGGER grown.typed BEFORE INSERT ON grown.item FOR EACH ROW SET NEW.name = UPPER(NEW.name)',
  "CREATE TRIGGER grown.writes AFTER INSERT ON grown.no_key FOR EACH ROW INSERT INTO grown_too.log VALUES ('no key')",
  'CREATE TRIGGER grown_too.reads BEFORE INSERT ON refers FOR EACH ROW SET @items = (SELECT COUNT(*) FROM grown.item)',
  "CREATE DEFINER=`we``ird';-- */x/* \"q`@`%` PROCEDURE grown.strange() SQL SECURITY INVOKER SELECT 'CREATE DEFINER=`a`@`b` PROCEDURE `c`()'",
  "CREATE DEFINER=`we``ird';-- */x/* \"q`@`%` TRIGGER grown.strange BEFORE DELETE ON grown.old_rows FOR EACH ROW SET @a = 'DEFINER=`a`@`b`'",
  "CREATE DEFINER=`we``ird';-- */x/* \"q`@`%` VIEW grown.strange AS SELECT 'DEFINER=`a`@`b`' AS `DEFINER`",
  "CREATE DEFINER=`we``ird';-- */x/* \"q`@`%` EVENT grown.strange ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO SELECT 'DEFINER=`a`@`b`'",
];

const mariadb = [
  // SHOW FIELDS of a view that calls a function asks for it.
  "GRANT EXECUTE ON grown.* TO stillpoint@'%'",
  'CREATE SEQUENCE grown.counter',
  'CREATE TABLE grown_too.drawn (id BIGINT DEFAULT NEXTVAL(grown.counter) PRIMARY KEY, v INT)',
  'INSERT INTO grown_too.drawn (v) VALUES (1), (2)',
  'CREATE TABLE grown.versioned (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING',
  'INSERT INTO grown.versioned VALUES (1, 1), (2, 2)',
  'UPDATE grown.versioned SET v = 10 WHERE id = 1',
];
