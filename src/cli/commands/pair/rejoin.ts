import { Option, type Command } from 'commander';
import { configOf, type Context } from '../../context.js';
import { replicaOption } from '../../options.js';
import { askedOfPair } from './asked.js';

interface RejoinFlags {
  replica?: string;
  reseed?: boolean;
  seed?: 'backup' | 'source';
  identity?: string;
  dryRun?: boolean;
}

export function registerPairRejoin(pair: Command, context: Context): void {
  const { terminal } = context;
  pair
    .command('rejoin')
    .argument('[pair]', 'the pair; may be left out when there is one')
    .description('make the old source a replica of the new one; what it has alone is saved first')
    .addOption(
      replicaOption('of several replicas the one that is to follow; default: the old source'),
    )
    .option('--reseed', 'restore it, though it could follow as it is')
    .addOption(
      new Option(
        '--seed <from>',
        'the same, and from where (default: the newest backup, else the source)',
      ).choices(['backup', 'source']),
    )
    .option('--identity <file>', 'the secret key of age that reads the backup')
    .option('--dry-run', 'only print every statement')
    .action(async (name: string | undefined, flags: RejoinFlags, command: Command) => {
      const { rejoinPair } = await import('../../../rejoinPair.js');
      const { rejoinedText } = await import('../../output/rejoin.js');
      const config = await configOf(command);
      const { identity, ...asked } = flags;
      const result = await rejoinPair(config, {
        ...asked,
        ...askedOfPair(context, name, command),
        ...(identity === undefined ? {} : { identityFile: identity }),
      });
      terminal.clear();
      terminal.document(result);
      terminal.result(rejoinedText(result));
    });
}
