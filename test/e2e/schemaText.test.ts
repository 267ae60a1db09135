import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { isOneLine } from '../../src/dump/passedOver.js';
import type { PartPlan } from '../../src/dump/plan.js';
import { schemaText } from '../../src/dump/schemaText.js';
import { connect } from '../../src/pair/session.js';
import { loadHostile } from '../rig/hostile/index.js';
import { engine, pair, tools } from '../rig/shared.js';

beforeAll(async () => {
  await loadHostile(pair.source);
  await pair.waitForCatchUp();
});

/** The statements of a dump that make tables. */
function creates(dump: string): string[] {
  return dump.match(/^CREATE TABLE `[^]*?;$/gm) ?? [];
}

test('definitions are written as mysqldump writes them', async () => {
  const { socketPath } = pair.replica;
  const found = await pair.replica.query<{ db: string; name: string }>(
    `SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name FROM information_schema.TABLES
     WHERE TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
       AND TABLE_TYPE NOT IN ('VIEW', 'SEQUENCE') ORDER BY 1, 2`,
  );
  const tables = found.filter(({ name }) => isOneLine(name));
  const session = await connect(
    { socketPath, user: 'root', connectTimeout: 10 } as Parameters<typeof connect>[0],
    'replica',
  );
  let compared = 0;
  try {
    for (const database of new Set(tables.map(({ db }) => db))) {
      const names = tables.filter(({ db }) => db === database).map(({ name }) => name);
      const part: PartPlan = {
        ...{ kind: 'schema', database, tables: names, ignored: [], ofTable: null, plain: false },
        ...{ mvcc: false, where: null, index: 1, step: 1, expected: [], estimatedBytes: 0 },
      };
      const { stdout } = await execa(tools.mysqldump, [
        ...['--no-defaults', '-uroot', `--socket=${socketPath}`, '--default-character-set=utf8mb4'],
        ...['--no-data', '--skip-triggers', '--no-tablespaces', '--skip-add-drop-table'],
        ...(engine === 'mysql' ? ['--set-gtid-purged=OFF'] : []),
        ...['--', database, ...names],
      ]);
      expect(creates(await schemaText(session, part))).toEqual(creates(stdout));
      compared += creates(stdout).length;
    }
  } finally {
    session.destroy();
  }
  expect(compared).toBe(tables.length);
  expect(compared).toBeGreaterThan(30);
});
