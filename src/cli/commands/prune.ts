import type { Command } from 'commander';
import type { PruneResult } from '../../prune.js';
import { ask } from '../ask.js';
import { configOf, type Context, type GlobalOptions } from '../context.js';
import { beFrugal } from '../frugal.js';

export function registerPrune(program: Command, context: Context): void {
  const { terminal, signal } = context;
  program
    .command('prune')
    .argument('[pair]', 'the pair; may be left out when there is one')
    .description('remove the backups that no rule of retention keeps')
    .option('--dry-run', 'only say for every backup why it stays or goes')
    .action(async (pair: string | undefined, flags: { dryRun?: boolean }, command: Command) => {
      beFrugal();
      const { prune } = await import('../../prune.js');
      const { outcomeText, planText, questionText } = await import('../output/prune.js');
      const { yes } = command.optsWithGlobals<GlobalOptions>();
      let isTold = false;
      const tell = (plan: PruneResult) => {
        terminal.clear();
        if (!isTold) terminal.result(`${planText(plan)}\n`);
        isTold = true;
      };
      const result = await prune(await configOf(command), {
        ...(pair === undefined ? {} : { pair }),
        dryRun: flags.dryRun === true,
        confirm: async (plan) => {
          tell(plan);
          await ask(questionText(plan), yes === true);
        },
        signal,
        observe: terminal.observe,
      });
      tell(result);
      terminal.document(result);
      terminal.result(outcomeText(result));
      if (result.refusal !== null) terminal.warning(`prune would refuse now: ${result.refusal}`);
      for (const warning of result.warnings) terminal.warning(warning);
    });
}
