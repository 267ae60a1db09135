import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Followed } from '../../sourcesOfBackup.js';
import { definers, type Definer } from '../../restore/definers.js';
import { ask } from '../ask.js';
import { count } from '../options.js';
import { configOf, type Context, type GlobalOptions } from '../context.js';

interface RestoreFlags {
  to: string;
  only?: string;
  rename?: Record<string, string>;
  definer?: Definer;
  pair?: string;
  replace?: string[];
  accounts?: boolean;
  attach?: boolean;
  attachTo?: Followed;
  check?: boolean;
  intoPairMember?: boolean;
  identity?: string;
  parallel?: number;
  dryRun?: boolean;
}

export function registerRestore(program: Command, context: Context): void {
  const { terminal, signal } = context;
  program
    .command('restore')
    .argument('<backup>', 'its id, a label, or latest')
    .description('load a backup into a target server; one that was interrupted goes on')
    .requiredOption('--to <target>', 'the target, as the configuration names it')
    .option('--only <db[.table]>', 'only this database or table')
    .addOption(
      new Option('--rename <old=new>', 'restore database old as new; may be repeated').argParser(
        addRename,
      ),
    )
    .addOption(
      new Option(
        '--definer <whose>',
        'whose rights views and programs run with: keep the accounts of the backup, the current one that restores, or drop the clause',
      )
        .choices(definers)
        .default('keep'),
    )
    .option('--pair <pair>', 'the pair the backup is of')
    .option(
      '--replace <db...>',
      'drop these databases of the target first, and begin anew after an interruption',
    )
    .option('--accounts', 'create users, roles and grants too (implied by --attach)')
    .option('--no-accounts', 'create none, even with --attach')
    .option(
      '--attach',
      "make the target a replica of the pair's source, from the recorded coordinates",
    )
    .addOption(
      new Option(
        '--attach-to <server>',
        'attach it to this server of the pair; replica only where both take writes (topology)',
      ).choices(['source', 'replica']),
    )
    .option('--check', 'compare rows and objects with the backup at the end')
    .option('--into-pair-member', "allow the pair's own source or replica as target")
    .option('--identity <file>', 'the age key of an encrypted backup')
    .addOption(new Option('--parallel <n>', 'clients at once').argParser(count))
    .option('--dry-run', 'only say what would be done, and about how long it takes')
    .action(async (which: string, flags: RestoreFlags, command: Command) => {
      const { restoreBackup } = await import('../../restoreBackup.js');
      const { restoreText } = await import('../output/restore.js');
      const { yes } = command.optsWithGlobals<GlobalOptions>();
      const { identity, ...rest } = flags;
      if (rest.attachTo !== undefined) rest.attach = true;
      const result = await restoreBackup(await configOf(command), {
        backup: which,
        ...rest,
        ...(identity === undefined ? {} : { identityFile: identity }),
        confirm: async (what) => await ask(what, yes === true),
        signal,
        // The statements that attach it are in the result.
        observe: async (event) => {
          if (event.type !== 'act') await terminal.observe(event);
        },
      });
      terminal.clear();
      terminal.document(result);
      terminal.result(restoreText(result));
      for (const warning of result.warnings) terminal.warning(warning);
    });
}

/** A name may hold `=` on the right only; the library takes any. */
function addRename(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('say old=new.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
