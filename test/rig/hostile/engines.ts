import type { Engine } from '../tools.js';

/** What only one of the servers has. */
export const engineStatements: Record<Engine, string[]> = {
  mariadb: [
    // SHOW FIELDS of programs.with_function asks for it.
    "GRANT EXECUTE ON programs.* TO stillpoint@'%'",
    'CREATE DATABASE only_mariadb CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci',
    'CREATE SEQUENCE only_mariadb.counter START WITH 100 INCREMENT BY 10 CACHE 5',
    'SELECT NEXT VALUE FOR only_mariadb.counter',
    "CREATE SEQUENCE only_mariadb.`se'q` START WITH -5 INCREMENT BY -1 MINVALUE -1000 MAXVALUE -1 NOCACHE CYCLE",
    'CREATE TABLE only_mariadb.from_sequence (id BIGINT DEFAULT NEXTVAL(only_mariadb.counter) PRIMARY KEY, v INT CHECK (v > 0))',
    'INSERT INTO only_mariadb.from_sequence (v) VALUES (1), (2)',
    'CREATE TABLE only_mariadb.kinds (id INT PRIMARY KEY, u UUID, i4 INET4, i6 INET6, c TEXT COMPRESSED, d VARCHAR(10) DEFAULT (CONCAT("a", "b")))',
    "INSERT INTO only_mariadb.kinds VALUES (1, '123e4567-e89b-12d3-a456-426655440000', '10.0.0.1', '2001:db8::1', REPEAT('pressed', 1000), DEFAULT), (2, NULL, NULL, NULL, NULL, NULL)",
    'CREATE TABLE only_mariadb.aria (id INT PRIMARY KEY, v VARCHAR(10)) ENGINE=Aria TRANSACTIONAL=1',
    "INSERT INTO only_mariadb.aria VALUES (1, 'a')",
    'CREATE TABLE only_mariadb.versioned (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING',
    'INSERT INTO only_mariadb.versioned VALUES (1, 1), (2, 2)',
    'UPDATE only_mariadb.versioned SET v = 10 WHERE id = 1',
    'DELETE FROM only_mariadb.versioned WHERE id = 2',
    'CREATE TABLE only_mariadb.periods (id INT, s DATE, e DATE, PERIOD FOR p (s, e), UNIQUE (id, p WITHOUT OVERLAPS))',
    "INSERT INTO only_mariadb.periods VALUES (1, '2020-01-01', '2020-02-01')",
    "SET sql_mode = 'ORACLE'",
    'CREATE PACKAGE only_mariadb.pack AS FUNCTION f RETURN INT; PROCEDURE p(x INT); END',
    'CREATE PACKAGE BODY only_mariadb.pack AS FUNCTION f RETURN INT AS BEGIN RETURN 1; END; PROCEDURE p(x INT) AS BEGIN SELECT x; END; END',
    "SET sql_mode = ''",
    'create   trigger\n  only_mariadb . Typed_Oddly /* a comment */ before update on only_mariadb.aria for each row set @a = 1',
  ],
  mysql: [
    'CREATE DATABASE only_mysql CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs',
    'CREATE TABLE only_mysql.keys_of_8 (id INT PRIMARY KEY, j JSON, v VARCHAR(20) DEFAULT (UUID()), KEY down (id DESC), KEY fn ((LOWER(v))), KEY many ((CAST(j->"$.a" AS UNSIGNED ARRAY))), KEY unseen (v) INVISIBLE, CONSTRAINT lax CHECK (id > 0) NOT ENFORCED)',
    `INSERT INTO only_mysql.keys_of_8 VALUES (1, '{"a": [1, 2]}', 'X'), (2, '{"a": []}', NULL)`,
    'CREATE TABLE only_mysql.earth (id INT PRIMARY KEY, p POINT NOT NULL SRID 4326, SPATIAL INDEX (p))',
    "INSERT INTO only_mysql.earth VALUES (1, ST_GeomFromText('POINT(52.5 13.4)', 4326))",
    'CREATE TABLE only_mysql.vectors (id INT PRIMARY KEY, v VECTOR(3))',
    "INSERT INTO only_mysql.vectors VALUES (1, TO_VECTOR('[1.5, -2, 3e-30]')), (2, NULL)",
    'SET sql_generate_invisible_primary_key = 1',
    'CREATE TABLE only_mysql.keyless (v INT)',
    'SET sql_generate_invisible_primary_key = 0',
    'INSERT INTO only_mysql.keyless VALUES (7), (7)',
    'ANALYZE TABLE only_mysql.keys_of_8 UPDATE HISTOGRAM ON v',
  ],
};
