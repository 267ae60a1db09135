import { CommanderError } from 'commander';
import { exitStatus, reasonOf, StillpointError } from '../errors.js';
import type { Observe } from '../util/observe.js';
import { redact } from '../util/redact.js';
import type { Context } from './context.js';
import { beFrugal } from './frugal.js';
import { createProgram } from './program.js';
import { usageError } from './usageError.js';
import { createTerminal } from './output/terminal.js';

/** What a test may look in on. */
export interface MainOptions {
  /** Sees every event of a run before the terminal does. */
  observe?: Observe;
}

/**
 * Runs one command line and answers with its exit status. The first SIGINT, SIGTERM or SIGHUP ends the
 * run in order, which resumes a paused replica; further ones change nothing.
 */
export async function main(argv: readonly string[], options: MainOptions = {}): Promise<number> {
  beFrugal();
  const ending = new AbortController();
  const terminal = createTerminal(options.observe);
  const onSignal = (name: NodeJS.Signals) => {
    if (!ending.signal.aborted) terminal.note(`${name}: ending; a paused replica is resumed first`);
    ending.abort(
      new StillpointError(name === 'SIGINT' ? 'interrupted' : 'terminated', `ended by ${name}`),
    );
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, onSignal);
  // A reader that went away (`| head`) must not end a run that holds a replica.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  let status = 0;
  const say = async (error: unknown) => {
    terminal.clear();
    const { printError } = await import('./output/error.js');
    printError(error, terminal);
  };
  // For errors that come before the options are read.
  if (argv.includes('--json')) terminal.configure({ json: true });
  const context: Context = {
    terminal,
    signal: ending.signal,
    exitWith: (code) => {
      status = code;
    },
    run: async (inner) => await runInside(inner, context),
  };
  const program = await createProgram(context, argv);
  try {
    await program.parseAsync(argv, { from: 'user' });
    if (status === exitStatus['not-resumed']) return status;
    const reason: unknown = ending.signal.reason;
    return reason instanceof StillpointError ? reason.exitStatus : status;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      // The help was asked for by saying nothing.
      if (error.code !== 'commander.help') await say(usageError(error, program, argv));
      return exitStatus.usage;
    }
    await say(error);
    return error instanceof StillpointError ? error.exitStatus : exitStatus.failed;
  } finally {
    terminal.clear();
    for (const name of signals) process.off(name, onSignal);
  }
}

/** See Context.run. */
async function runInside(
  argv: readonly string[],
  context: Context,
): Promise<{ exit: number; error: string | null }> {
  const { terminal, signal } = context;
  let exit = 0;
  const exitWith = (code: number) => {
    exit = code;
  };
  const program = await createProgram({ ...context, exitWith }, argv);
  try {
    await program.parseAsync(argv, { from: 'user' });
    const reason: unknown = signal.reason;
    if (reason instanceof StillpointError)
      return { exit: reason.exitStatus, error: reason.message };
    return { exit, error: exit === 0 ? null : `${argv[0] ?? ''} ended with ${exit}` };
  } catch (error) {
    terminal.clear();
    if (error instanceof CommanderError && error.exitCode === 0) return { exit: 0, error: null };
    const told = error instanceof CommanderError ? usageError(error, program, argv) : error;
    const known = told instanceof StillpointError;
    if (known && told.code === 'locked') terminal.note(`left out: ${told.message}`);
    else if (!terminal.json) {
      const { printError } = await import('./output/error.js');
      printError(told, terminal);
    }
    return { exit: known ? told.exitStatus : exitStatus.failed, error: redact(reasonOf(told)) };
  }
}
