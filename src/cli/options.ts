import { InvalidArgumentError, Option } from 'commander';

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

/** The value of a flag that takes a whole number from 1. */
export function count(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('say a whole number from 1.');
  return Number(text);
}
