import { Option, type Command } from 'commander';
import { restoreBackup, type RestoreResult } from '../../restoreBackup.js';
import { ask } from '../ask.js';
import { configOf, type Context, type GlobalOptions } from '../context.js';
import { bytesText, fieldsText, nameText, rateText, secondsText } from '../output/text.js';

interface RestoreFlags {
  to: string;
  only?: string;
  pair?: string;
  replace?: string[];
  accounts?: boolean;
  attach?: boolean;
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
    .description('load a backup into a target server')
    .requiredOption('--to <target>', 'the target, as the configuration names it')
    .option('--only <db[.table]>', 'only this database or table')
    .option('--pair <pair>', 'the pair the backup is of')
    .option('--replace <db...>', 'drop these databases of the target first')
    .option('--accounts', 'create users, roles and grants too (implied by --attach)')
    .option('--no-accounts', 'create none, even with --attach')
    .option(
      '--attach',
      "make the target a replica of the pair's source, from the recorded coordinates",
    )
    .option('--into-pair-member', "allow the pair's own source or replica as target")
    .option('--identity <file>', 'the age key of an encrypted backup')
    .addOption(new Option('--parallel <n>', 'clients at once').argParser(Number))
    .option('--dry-run', 'only say what would be done')
    .action(async (which: string, flags: RestoreFlags, command: Command) => {
      const { yes } = command.optsWithGlobals<GlobalOptions>();
      const { identity, ...rest } = flags;
      const result = await restoreBackup(await configOf(command), {
        backup: which,
        ...rest,
        ...(identity === undefined ? {} : { identityFile: identity }),
        confirm: async (what) => await ask(what, yes === true),
        signal,
        observe: terminal.observe,
      });
      terminal.clear();
      terminal.document(result);
      terminal.result(resultText(result));
      for (const warning of result.warnings) terminal.note(`warning: ${warning}`);
    });
}

function resultText(result: RestoreResult): string {
  const planned = result.status === 'planned';
  const what =
    result.table === null
      ? nameText(result.databases.join(', '))
      : nameText(`${result.databases[0] ?? ''}.${result.table}`);
  const fields: [string, string][] = [
    ['backup', result.backup],
    ['databases', what],
    [
      'size',
      `${bytesText(result.bytes.plain)} of SQL in ${result.parts} parts, ${bytesText(result.bytes.stored)} stored`,
    ],
  ];
  if (!planned) {
    const rate = rateText(result.bytes.plain, result.seconds);
    fields.push([
      'took',
      rate === '' ? secondsText(result.seconds) : `${secondsText(result.seconds)}, ${rate}`,
    ]);
  }
  if (result.attached) {
    fields.push(['attached', `it follows the source of ${result.pair} and has caught up`]);
  }
  const head = planned ? `would restore into ${result.target}` : `restored into ${result.target}`;
  const offer =
    result.attached || result.table !== null
      ? ''
      : `\n\nTo make it follow the source from where the backup was taken:\n${result.attachStatements.map((sql) => `  ${sql};`).join('\n')}`;
  return `${head}\n${fieldsText(fields)}${offer}`;
}
