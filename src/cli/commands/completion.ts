import { Argument, type Command } from 'commander';
import type { Context, GlobalOptions } from '../context.js';
import { scripts, shells, type Shell } from '../completion/scripts.js';

export function registerCompletion(program: Command, context: Context): void {
  const { terminal } = context;
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .description('print the script that completes command lines in a shell')
    .action((shell: Shell) => terminal.page(scripts[shell]));

  // What the scripts ask.
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: string[], flags: GlobalOptions) => {
      const { complete } = await import('../completion/candidates.js');
      const at = words.findIndex((word) => word === '-c' || word === '--config');
      const file = at === -1 ? flags.config : words[at + 1];
      const found = await complete(program, words, async (wanted) => {
        const { askConfig } = await import('../completion/ask.js');
        return await askConfig(file)(wanted);
      });
      const lines =
        found === 'files' ? [':files'] : found.map(({ word, about }) => `${word}\t${about}`);
      terminal.page(lines.map((line) => `${line}\n`).join(''));
    });
}
