import { Option, type Command } from 'commander';
import { configOf, type Context } from '../../context.js';
import { count, replicaOption } from '../../options.js';
import { askedOfPair } from './asked.js';

interface SetupFlags {
  replica?: string;
  seed?: 'backup' | 'source' | 'clone';
  replace?: boolean;
  compare: boolean;
  identity?: string;
  parallel?: number;
  dryRun?: boolean;
}

export function registerPairSetup(pair: Command, context: Context): void {
  const { terminal } = context;
  pair
    .command('setup')
    .argument('[pair]', 'the pair; may be left out when there is one')
    .description('make two servers a pair: seed the replica, attach it, see it catch up')
    .addOption(replicaOption('of several replicas the one to set up'))
    .addOption(
      new Option(
        '--seed <from>',
        'where its data comes from (default: the newest backup, else the source)',
      ).choices(['backup', 'source', 'clone']),
    )
    .option('--replace', 'remove whatever the replica holds first')
    .option('--no-compare', 'do not compare all tables in the end')
    .option('--identity <file>', 'the age key that reads the backup')
    .addOption(
      new Option('--parallel <number>', 'clients at once (default: number of cores)').argParser(
        count,
      ),
    )
    .option('--dry-run', 'only print every statement')
    .action(async (name: string | undefined, flags: SetupFlags, command: Command) => {
      const { setUpPair } = await import('../../../setUpPair.js');
      const { setUpText } = await import('../../output/setup.js');
      const config = await configOf(command);
      const { identity, ...asked } = flags;
      const result = await setUpPair(config, {
        ...asked,
        ...askedOfPair(context, name, command),
        ...(identity === undefined ? {} : { identityFile: identity }),
      });
      terminal.clear();
      terminal.document(result);
      terminal.result(setUpText(result));
    });
}
