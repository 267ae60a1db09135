import { basename } from 'node:path';
import { Option, type Command } from 'commander';
import { configFileOf, type Context } from '../../context.js';
import { replicaOption, seconds } from '../../options.js';
import { askedOfPair } from './asked.js';

interface PromoteFlags {
  replica?: string;
  switchover?: boolean;
  sourceFenced?: boolean;
  endBackup?: boolean;
  wait?: number;
  dryRun?: boolean;
}

export function registerPairPromote(pair: Command, context: Context): void {
  const { terminal } = context;
  pair
    .command('promote')
    .argument('[pair]', 'the pair; may be left out when there is one')
    .description('make the replica the source: because the source is gone, or by --switchover')
    .addOption(replicaOption('of several replicas the one to promote'))
    .option('--switchover', 'both are there and change their roles; nothing is lost')
    .option('--source-fenced', 'the source takes no writes any more: I have seen to that')
    .option('--end-backup', 'end a backup that holds the replica')
    .addOption(
      new Option(
        '--wait <time>',
        'how long the relay logs of a source that is gone may take (default: 24h)',
      ).argParser(seconds),
    )
    .option('--dry-run', 'only print every statement')
    .action(async (name: string | undefined, flags: PromoteFlags, command: Command) => {
      const { promotePair } = await import('../../../promotePair.js');
      const { promotedText } = await import('../../output/promotion.js');
      const { config, file } = await configFileOf(command);
      const { wait, ...asked } = flags;
      const result = await promotePair(config, {
        ...asked,
        ...askedOfPair(context, name, command),
        ...(wait === undefined ? {} : { within: wait }),
      });
      terminal.clear();
      terminal.document(result);
      terminal.result(promotedText(result, basename(file)));
      const warnings = result.promotion?.warnings ?? [];
      for (const warning of warnings) terminal.warning(warning);
      if (result.status === 'promoted' && warnings.length > 0) context.exitWith(1);
    });
}
