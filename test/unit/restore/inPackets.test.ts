import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inPackets } from '../../../src/restore/inPackets.js';

interface Rest {
  rest: string;
}

async function packets(statements: readonly (string | Rest)[], most = 1 << 20) {
  const given = async function* () {
    for (const one of statements) yield await Promise.resolve(one);
  };
  const found: (string | Rest)[] = [];
  for await (const packet of inPackets(given(), most)) found.push(packet);
  return found;
}

const short = fc.constantFrom(
  'SET NAMES utf8mb4',
  '/*!40101 SET @x=@@x */',
  '/*M!100616 SET @x=@@x */',
  'LOCK TABLES `a` WRITE',
  '/*!40000 ALTER TABLE `a` DISABLE KEYS */',
  'DROP TABLE IF EXISTS `a`',
  'CREATE TABLE `a` (\n  `id` int)',
  "INSERT INTO `a` VALUES (1,'x')",
  'UNLOCK TABLES',
);
const other = fc.constantFrom(
  'CREATE DEFINER=`a`@`b` PROCEDURE `p`() BEGIN SELECT 1; SELECT 2; END',
  '/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER `t` BEFORE INSERT ON `a` FOR EACH ROW SET @a = 1 */',
  'CREATE TABLES',
  'SETTLE',
  `INSERT INTO \`a\` VALUES ('${'x'.repeat(20_000)}')`,
);

describe('statements', () => {
  test('come all, in their order, and only short ones share a packet', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(short, other)), async (statements) => {
        const found = (await packets(statements)) as string[];
        expect(found.join(';')).toBe(statements.join(';'));
        for (const packet of found) {
          if (packet.length > 16 * 1024 || /PROCEDURE|TRIGGER|CREATE TABLES|SETTLE/.test(packet)) {
            expect(statements).toContain(packet);
          }
        }
      }),
    );
  });

  test('that are short are one packet', async () => {
    const statements = ['SET NAMES utf8mb4', 'UNLOCK TABLES', 'COMMIT ', 'USE `a`'];
    expect(await packets(statements)).toEqual([statements.join(';')]);
  });

  test('share no packet that is too long for the server', async () => {
    const statements = Array.from({ length: 100 }, () => 'SET @a = 1');
    const found = (await packets(statements, 50)) as string[];
    expect(found.join(';')).toBe(statements.join(';'));
    expect(Math.max(...found.map(({ length }) => length))).toBeLessThanOrEqual(50);
    expect(found.length).toBeLessThan(60);
  });

  test('before what is left are sent before it', async () => {
    const rest = { rest: 'INSERT' };
    expect(await packets(['SET @a = 1', 'SET @b = 1', rest])).toEqual([
      'SET @a = 1;SET @b = 1',
      rest,
    ]);
  });

  test('may be none', async () => {
    expect(await packets([])).toEqual([]);
  });
});
