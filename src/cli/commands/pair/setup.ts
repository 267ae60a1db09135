import { Option, type Command } from 'commander';
import { ask } from '../../ask.js';
import { configOf, type Context, type GlobalOptions } from '../../context.js';
import { count } from '../../options.js';

interface SetupFlags {
  seed?: 'backup' | 'source' | 'clone';
  replace?: boolean;
  compare: boolean;
  identity?: string;
  parallel?: number;
  dryRun?: boolean;
}

export function registerPairSetup(pair: Command, context: Context): void {
  const { terminal, signal } = context;
  pair
    .command('setup')
    .argument('[pair]', 'the pair; may be left out when there is one')
    .description('make two servers a pair: seed the replica, attach it, see it catch up')
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
      const { yes = false } = command.optsWithGlobals<GlobalOptions>();
      const { identity, ...asked } = flags;
      const result = await setUpPair(config, {
        ...asked,
        ...(name === undefined ? {} : { pair: name }),
        ...(identity === undefined ? {} : { identityFile: identity }),
        confirm: async (what) => {
          terminal.clear();
          await ask(what, yes);
        },
        signal,
        observe: terminal.observe,
      });
      terminal.clear();
      terminal.document(result);
      terminal.result(setUpText(result));
    });
}
