import { identifier } from '../dialect/quote.js';
import { text } from '../dialect/rows.js';
import type { Dialect } from '../dialect/dialect.js';
import { reasonOf } from '../errors.js';
import type { Session } from '../pair/session.js';
import { manyTables } from './inventory.js';
import { isOneLine } from './passedOver.js';
import { broken } from './pipeline.js';
import type { PartPlan } from './plan.js';
import { titleOf } from './titles.js';

/** What a client takes over from mysqldump at the beginning of a dump, and gives back at its end. */
const head = `/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;
/*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */;
SET NAMES utf8mb4;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
`;
const foot = `
/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;
/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
/*!40101 SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS */;
/*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;
-- Dump completed
`;

/**
 * The parts whose definitions are written without mysqldump: those of many tables, each of which it asks much for,
 * and again for its rows.
 */
export function writtenByUs(
  parts: readonly PartPlan[],
  { namesAreSlow }: Pick<Dialect, 'namesAreSlow'>,
): PartPlan[] {
  const schemas = parts.filter(({ kind }) => kind === 'schema');
  const count = schemas.reduce((sum, { tables }) => sum + tables.length, 0);
  if (!namesAreSlow || count < manyTables) return [];
  return schemas.filter(({ tables }) => tables.every(isOneLine));
}

/** What mysqldump would write of the definitions of a part's tables. Throws where one cannot be shown. */
export async function schemaText(session: Session, part: PartPlan): Promise<string> {
  await session.query('SET SESSION sql_quote_show_create = ON');
  const tables: string[] = [];
  for (const name of part.tables) {
    const table = identifier(name);
    const [shown] = await session
      .query(`SHOW CREATE TABLE ${identifier(part.database)}.${table}`)
      .catch((error: unknown) => {
        throw broken(titleOf(part), reasonOf(error));
      });
    const create = text(shown ?? {}, 'Create Table');
    if (!create.startsWith('CREATE TABLE')) throw broken(titleOf(part), `${name} is no table`);
    tables.push(`\n--\n-- Table structure for table ${table}\n--\n\n${create};\n`);
  }
  return `${head}${tables.join('')}${foot}`;
}
