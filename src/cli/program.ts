import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { registerBackup } from './commands/backup.js';
import { registerCompletion } from './commands/completion.js';
import { registerDrill } from './commands/drill.js';
import { registerDoctor } from './commands/doctor.js';
import { registerInit } from './commands/init.js';
import { registerList } from './commands/list.js';
import { registerPin, registerUnpin } from './commands/pin.js';
import { registerPrune } from './commands/prune.js';
import { registerReport } from './commands/report.js';
import { registerRestore } from './commands/restore.js';
import { registerResume } from './commands/resume.js';
import { registerSchedule } from './commands/schedule.js';
import { registerShow } from './commands/show.js';
import { registerSnapshot } from './commands/snapshot.js';
import { registerStatus } from './commands/status.js';
import { registerVerify } from './commands/verify.js';
import type { Context, GlobalOptions } from './context.js';
import { addExamples } from './examples.js';
import { groupCommands } from './groups.js';

/** The command line. Commands throw; nothing here ends the process. */
export function createProgram(context: Context): Command {
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
  const registers = [
    registerBackup,
    registerSnapshot,
    registerRestore,
    registerList,
    registerShow,
    registerVerify,
    registerPin,
    registerUnpin,
    registerPrune,
    registerDrill,
    registerStatus,
    registerReport,
    registerDoctor,
    registerResume,
    registerSchedule,
    registerInit,
    registerCompletion,
  ];
  for (const register of registers) register(program, context);
  for (const command of program.commands) {
    inherit(command);
    for (const inner of command.commands) inherit(inner);
  }
  groupCommands(program);
  addExamples(program);
  return program;
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
