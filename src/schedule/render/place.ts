import type { Config } from '../../config/schema.js';
import type { Schedule } from '../schedule.js';

/** What every rendering needs to know. */
export interface Place {
  config: Config;
  /** The configuration's file, absolute. */
  configFile: string;
  /** The program and its first arguments: node and our script. */
  program: readonly string[];
  schedules: readonly Schedule[];
  /** From when on changes of the clocks are told. */
  now: Date;
}

/** Our command line for a scheduler of the machine: it runs by name, so that a record is kept. */
export function runLine({ program, configFile }: Place, name: string, ...more: string[]): string[] {
  return [...program, '-c', configFile, 'schedule', 'run', name, '--quiet', ...more];
}

/** Ends a pause that a dead run has left. */
export function resumeLine({ program, configFile }: Place, pair: string): string[] {
  return [...program, '-c', configFile, 'resume', pair, '--if-frozen', '--quiet'];
}
