import type { Command } from 'commander';
import type { Config } from '../config/schema.js';
import type { ToldOptions } from '../told.js';
import type { PairLines, Terminal } from './output/terminal.js';

/** What every command has at hand. */
export interface Context {
  terminal: Terminal;
  /** Fires when the process is asked to end. */
  signal: AbortSignal;
  /** Sets the exit status of a command that does not throw. */
  exitWith(status: number): void;
  /**
   * Runs another command line in this process, as a schedule does. Reports what it throws, and answers
   * how it ended. That another run holds the lock is a note: a timer should not cry about it.
   */
  run(argv: readonly string[]): Promise<{ exit: number; error: string | null }>;
}

/** The options that stand before or after any command. */
export interface GlobalOptions {
  config?: string;
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  yes?: boolean;
}

/** Reads the configuration that `-c` or the environment names. */
export async function configOf(command: Command): Promise<Config> {
  return (await configFileOf(command)).config;
}

/** The same, with the file it came from. */
export async function configFileOf(command: Command): Promise<{ config: Config; file: string }> {
  const { loadConfig } = await import('../config/load.js');
  const { config: file } = command.optsWithGlobals<GlobalOptions>();
  return await loadConfig(file === undefined ? {} : { file });
}

/** Where `told` shows a run, and what it could not tell. */
export type Telling = Required<Pick<ToldOptions, 'observe' | 'warn'>>;

/** The same for a command, or for one of several pairs that it works on. */
export function tellingOf(
  { terminal }: Context,
  pair?: { name: string; lines: PairLines },
): Telling {
  const prefix = pair === undefined ? '' : `${pair.name}: `;
  return {
    observe: pair?.lines.observe ?? terminal.observe,
    warn: (line) => terminal.warning(prefix + line),
  };
}
