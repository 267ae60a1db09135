import type { Command } from 'commander';
import { pairNames } from '../../config/choose.js';
import { configOf, type Context } from '../context.js';

export function registerStatus(program: Command, context: Context): void {
  program
    .command('status')
    .argument('[pair]', 'the pair; all pairs when it is left out')
    .description('show how replication runs and how old the last backup is')
    .action(async (pair: string | undefined, _flags: unknown, command: Command) => {
      const { statusOf } = await import('../../status.js');
      const { statusText } = await import('../output/status.js');
      const config = await configOf(command);
      const names = pairNames(config, pair);
      const found = await Promise.all(names.map((name) => statusOf(config, name)));
      context.terminal.document(found);
      context.terminal.result(found.map(statusText).join('\n\n'));
    });
}
