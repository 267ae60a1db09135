import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import type { Context, GlobalOptions } from './context.js';
import { addExamples } from './examples.js';
import { groupCommands } from './groups.js';

type Register = (program: Command, context: Context) => void;

const commands: Readonly<Record<string, () => Promise<Register>>> = {
  backup: async () => (await import('./commands/backup.js')).registerBackup,
  snapshot: async () => (await import('./commands/snapshot.js')).registerSnapshot,
  restore: async () => (await import('./commands/restore.js')).registerRestore,
  list: async () => (await import('./commands/list.js')).registerList,
  show: async () => (await import('./commands/show.js')).registerShow,
  verify: async () => (await import('./commands/verify.js')).registerVerify,
  pin: async () => (await import('./commands/pin.js')).registerPin,
  unpin: async () => (await import('./commands/pin.js')).registerUnpin,
  prune: async () => (await import('./commands/prune.js')).registerPrune,
  drill: async () => (await import('./commands/drill.js')).registerDrill,
  status: async () => (await import('./commands/status.js')).registerStatus,
  report: async () => (await import('./commands/report.js')).registerReport,
  doctor: async () => (await import('./commands/doctor.js')).registerDoctor,
  resume: async () => (await import('./commands/resume.js')).registerResume,
  notify: async () => (await import('./commands/notify.js')).registerNotify,
  pair: async () => (await import('./commands/pair.js')).registerPair,
  schedule: async () => (await import('./commands/schedule.js')).registerSchedule,
  init: async () => (await import('./commands/init.js')).registerInit,
  completion: async () => (await import('./commands/completion.js')).registerCompletion,
};

/**
 * The command line. Commands throw; nothing here ends the process. When `argv` begins with a command there is
 * only that one, since loading all takes longer than all else that `--help` does.
 */
export async function createProgram(
  context: Context,
  argv: readonly string[] = [],
): Promise<Command> {
  const program = new Command('stillpoint');
  program
    .description('consistent backups of MySQL and MariaDB from a replica that stands still')
    .version(versionText(), '-V, --version', 'print the version')
    .option('-c, --config <file>', 'the configuration')
    .option('--json', 'one JSON document on stdout, errors as JSON on stderr')
    .option('-q, --quiet', 'print nothing but errors')
    .option('-v, --verbose', 'say every step')
    .option('-y, --yes', 'answer every question with yes')
    .showSuggestionAfterError()
    // Said by main, in the words of all errors.
    .configureOutput({ outputError: () => undefined })
    .exitOverride()
    .hook('preAction', (_, command) => {
      context.terminal.configure(command.optsWithGlobals<GlobalOptions>());
    });
  const load = neededFor(argv).map(async (name) => await commands[name]?.());
  for (const register of await Promise.all(load)) register?.(program, context);
  for (const command of program.commands) {
    inherit(command);
    for (const inner of command.commands) inherit(inner);
  }
  groupCommands(program);
  addExamples(program);
  return program;
}

/** The commands that a command line is about: one, that and `completion` when it asks for words, or all. */
function neededFor(argv: readonly string[]): string[] {
  const all = Object.keys(commands);
  const first = firstWord(argv);
  if (first === undefined) return all;
  if (Object.hasOwn(commands, first)) return [first];
  if (first !== 'complete') return all;
  // The last of them is still being typed.
  const asked = firstWord(argv.slice(argv.indexOf('--') + 1, -1)) ?? '';
  return Object.hasOwn(commands, asked) ? [...new Set([asked, 'completion'])] : all;
}

function firstWord(argv: readonly string[]): string | undefined {
  return argv.find(
    (word, index) => !word.startsWith('-') && !['-c', '--config'].includes(argv[index - 1] ?? ''),
  );
}

/** The global options may also follow the command, as people type them. */
function inherit(command: Command): void {
  command
    .option('-c, --config <file>', 'the configuration')
    .option('--json', 'one JSON document on stdout')
    .option('-q, --quiet', 'print nothing but errors')
    .option('-v, --verbose', 'say every step')
    .option('-y, --yes', 'answer every question with yes')
    .showSuggestionAfterError()
    .exitOverride();
}

function versionText(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
