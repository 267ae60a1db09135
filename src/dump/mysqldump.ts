import type { Dialect } from '../dialect/dialect.js';
import type { Command } from '../util/command.js';
import type { PartPlan } from './plan.js';
import type { DumpTools } from './tools.js';

/**
 * The mysqldump command of a part. Each says everything that matters itself, since it reads no option
 * file but ours, and asks for no lock and no coordinates: the data stands still, and the coordinates
 * are taken over our own connection (a mysqldump that stops the SQL thread itself leaves it stopped
 * when it dies). `--single-transaction` stays on as a second belt.
 */
export function dumpCommand(
  part: PartPlan,
  tools: DumpTools,
  dialect: Dialect,
  optionFile: string,
  extraArgs: readonly string[],
): Command {
  const args = [
    `--defaults-file=${optionFile}`,
    '--single-transaction',
    '--quick',
    '--skip-lock-tables',
    '--skip-add-locks',
    '--skip-add-drop-table',
    '--no-tablespaces',
    '--hex-blob',
    '--tz-utc',
    '--comments',
    '--skip-dump-date',
    '--disable-keys',
    '--max-allowed-packet=1G',
    '--default-character-set=utf8mb4',
    ...dialect.dumpOptions(tools.mysqldump.version),
    ...(part.kind === 'data' ? extraArgs : []),
    ...contents[part.kind],
    ...part.ignored.map((table) => `--ignore-table=${part.database}.${table}`),
    '--',
    part.database,
    ...part.tables,
  ];
  return { file: tools.mysqldump.path, args };
}

const contents: Record<PartPlan['kind'], readonly string[]> = {
  schema: ['--no-data', '--skip-triggers'],
  data: ['--no-create-info', '--skip-triggers'],
  objects: ['--no-data', '--no-create-info', '--triggers', '--routines', '--events'],
  views: ['--no-data', '--skip-triggers'],
};
