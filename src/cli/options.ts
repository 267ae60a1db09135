import { InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../config/units.js';

/** What a command takes to work on several pairs. */
export interface AllFlags {
  all?: boolean;
  atOnce?: number;
}

/** `--all`, which excludes the options of these names. */
export function allOption(...others: string[]): Option {
  return new Option('--all', 'every pair of the configuration; exit 3 when some fail').conflicts(
    others,
  );
}

/** `--at-once`, beside {@link allOption}. */
export function atOnceOption(): Option {
  return new Option('--at-once <n>', 'with --all: pairs at the same time')
    .argParser(count)
    .default(2);
}

/** `--replica`. */
export function replicaOption(about: string): Option {
  return new Option('--replica <replica>', about);
}

/** The value of a flag that takes a whole number from 1. */
export function count(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('say a whole number from 1.');
  return Number(text);
}

/** The seconds of a flag that takes a time. */
export function seconds(text: string): number {
  const parsed = parseDuration(text);
  if (parsed === null || parsed <= 0)
    throw new InvalidArgumentError('say a time like 90s, 36h or 14d.');
  return parsed;
}
