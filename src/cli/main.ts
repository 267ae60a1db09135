import { CommanderError } from 'commander';
import { exitStatus, StillpointError } from '../errors.js';
import type { Observe } from '../util/observe.js';
import { createProgram } from './program.js';
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
  const program = createProgram({
    terminal,
    signal: ending.signal,
    exitWith: (code) => {
      status = code;
    },
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    if (status === exitStatus['not-resumed']) return status;
    const reason: unknown = ending.signal.reason;
    return reason instanceof StillpointError ? reason.exitStatus : status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitStatus.usage;
    terminal.clear();
    const { printError } = await import('./output/error.js');
    printError(error, terminal);
    return error instanceof StillpointError ? error.exitStatus : exitStatus.failed;
  } finally {
    terminal.clear();
    for (const name of signals) process.off(name, onSignal);
  }
}
