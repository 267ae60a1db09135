import type { Command } from 'commander';
import { allPairs, resolvePair } from '../../config/choose.js';
import type { PruneResult } from '../../prune.js';
import { onPairs } from '../allPairs.js';
import { ask } from '../ask.js';
import { configOf, tellingOf, type Context, type GlobalOptions, type Telling } from '../context.js';
import { allOption, atOnceOption, type AllFlags } from '../options.js';

interface PruneFlags extends AllFlags {
  dryRun?: boolean;
}

export function registerPrune(program: Command, context: Context): void {
  const { terminal, signal } = context;
  program
    .command('prune')
    .argument('[pair]', 'the pair; may be left out when there is one')
    .description('remove the backups that no rule of retention keeps')
    .option('--dry-run', 'only say for every backup why it stays or goes')
    .addOption(allOption())
    .addOption(atOnceOption())
    .action(async (pair: string | undefined, flags: PruneFlags, command: Command) => {
      const { prune } = await import('../../prune.js');
      const { told } = await import('../../told.js');
      const { outcomeText, planText, questionText } = await import('../output/prune.js');
      const { bytesText } = await import('../output/text.js');
      const { yes = false } = command.optsWithGlobals<GlobalOptions>();
      const { dryRun = false } = flags;
      const config = await configOf(command);

      const run = async (name: string, telling: Telling): Promise<PruneResult> => {
        let isTold = false;
        const tell = (plan: PruneResult) => {
          terminal.clear();
          if (!isTold) terminal.result(`${planText(plan)}\n`);
          isTold = true;
        };
        const work = async (observe: Telling['observe']) =>
          await prune(config, {
            pair: name,
            dryRun,
            confirm: async (plan) => {
              tell(plan);
              await ask(questionText(plan), yes);
            },
            signal,
            observe,
          });
        const result = dryRun
          ? await work(telling.observe)
          : await told(config, { action: 'prune', pair: name, ...telling }, work);
        tell(result);
        if (result.refusal !== null) telling.warn(`prune would refuse now: ${result.refusal}`);
        for (const warning of result.warnings) telling.warn(warning);
        return result;
      };

      if (flags.all) {
        await onPairs(context, allPairs(config, pair), {
          // One question after the other.
          atOnce: yes || dryRun ? flags.atOnce : 1,
          work: async (name, lines) => await run(name, tellingOf(context, { name, lines })),
          done: dryRun ? 'planned' : 'pruned',
          columns: {
            kept: ({ kept }) => String(kept),
            removed: ({ removed }) => String(removed),
            stored: ({ bytes }) => bytesText(bytes),
          },
        });
        return;
      }
      const { name } = resolvePair(config, pair, 'Name one of them, or prune all with --all.');
      const result = await run(name, tellingOf(context));
      terminal.document(result);
      terminal.result(outcomeText(result));
    });
}
