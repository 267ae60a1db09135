import { Option, type Command } from 'commander';
import { StillpointError } from '../../errors.js';
import { configOf, tellingOf, type Context, type GlobalOptions } from '../context.js';
import { replicaOption, seconds } from '../options.js';

interface SnapshotFlags {
  pair?: string;
  replica?: string;
  keep?: number;
  wait?: number;
}

export function registerSnapshot(program: Command, context: Context): void {
  program
    .command('snapshot')
    .argument('<label>', 'a word to find the backup by, such as what comes next')
    .argument('[command...]', 'after --: run this once the backup is committed')
    .description('the backup before a change: all that is committed now, pinned')
    .option('--pair <pair>', 'the pair; may be left out when there is one')
    .addOption(replicaOption('of several replicas the one to pause'))
    .addOption(
      new Option(
        '--keep <time>',
        'how long prune passes it over, or forever (default: 14d)',
      ).argParser(keepTime),
    )
    .addOption(
      new Option(
        '--wait <time>',
        'how long the replica may take to catch up (default: 10m)',
      ).argParser(seconds),
    )
    .action(
      async (
        label: string,
        argv: string[],
        { pair, ...flags }: SnapshotFlags,
        command: Command,
      ) => {
        requireDashes(program, argv);
        const { told } = await import('../../told.js');
        const { snapshot } = await import('../../snapshot.js');
        const { failedText, restoreLines, snapshotText } = await import('../output/snapshot.js');
        const { terminal, signal } = context;
        const config = await configOf(command);
        const named = pair === undefined ? {} : { pair };
        const tell = { action: 'snapshot', ...named, ...tellingOf(context) } as const;
        const taken = await told(config, tell, (observe) =>
          snapshot(config, { label, ...flags, ...named, signal, observe }),
        );
        terminal.clear();
        terminal.result(snapshotText(taken));
        for (const warning of taken.warnings) terminal.warning(warning);
        if (argv.length === 0) {
          terminal.document(taken);
          return;
        }
        signal.throwIfAborted();
        await terminal.observe({ type: 'step', step: 'command' });
        terminal.clear();
        const env = { STILLPOINT_BACKUP_ID: taken.id };
        const { runCommand } = await import('../runCommand.js');
        const exit = await runCommand(argv, { env, toStderr: terminal.json });
        const { config: file } = command.optsWithGlobals<GlobalOptions>();
        const restore = restoreLines(config, taken, file);
        terminal.document({ ...taken, command: { argv, exit, restore } });
        if (exit !== 0 && !terminal.json) terminal.error(failedText(taken, exit, restore));
        context.exitWith(exit);
      },
    );
}

/** A label of two words without quotes would else run its second word. */
function requireDashes(program: Command, argv: readonly string[]): void {
  if (argv.length === 0) return;
  const given = (program as Command & { rawArgs: string[] }).rawArgs;
  if (given.at(-argv.length - 1) === '--') return;
  throw new StillpointError('usage', `what is "${argv.join(' ')}" after the label?`, {
    hint: 'Put a label of several words in quotes, and -- before a command to run.',
  });
}

function keepTime(text: string): number {
  return text === 'forever' ? Infinity : seconds(text);
}
