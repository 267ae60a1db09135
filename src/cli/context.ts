import type { Command } from 'commander';
import type { Config } from '../config/schema.js';
import type { Terminal } from './output/terminal.js';

/** What every command has at hand. */
export interface Context {
  terminal: Terminal;
  /** Fires when the process is asked to end. */
  signal: AbortSignal;
  /** Sets the exit status of a command that does not throw. */
  exitWith(status: number): void;
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
  const { loadConfig } = await import('../config/load.js');
  const { config: file } = command.optsWithGlobals<GlobalOptions>();
  return (await loadConfig(file === undefined ? {} : { file })).config;
}
