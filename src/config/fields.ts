import { IANAZone } from 'luxon';
import { z } from 'zod';
import { parseDuration, parseSize } from './units.js';

// The kinds of value that keys of the configuration share. Transforms answer in seconds and bytes, so
// that nothing beyond this folder parses a unit.

/** The least and the most that is taken, in the words of the configuration itself. */
interface Bounds {
  min?: string;
  max?: string;
}

/** A duration: `60s`, `1h30m`, or a number of seconds. Seconds once parsed. */
export function duration(bounds: Bounds = {}) {
  return quantity(parseDuration, 'a duration like 60s, 1h30m or 14d', bounds);
}

/** A size: `16MiB`, `10GB`, or a number of bytes. Bytes once parsed. */
export function size(bounds: Bounds = {}) {
  return quantity(parseSize, 'a size like 16MiB or 10GB', bounds);
}

function quantity(
  parse: (text: string | number) => number | null,
  wanted: string,
  { min = '0', max }: Bounds,
) {
  const least = parse(min) ?? 0;
  const most = max === undefined ? Infinity : (parse(max) ?? 0);
  return z
    .union([z.string(), z.number()], { error: `expected ${wanted}` })
    .transform((given, context): number => {
      const value = parse(given);
      if (value !== null && value >= least && value <= most) return value;
      const limit = value !== null && value < least ? `at least ${min}` : `at most ${max ?? ''}`;
      context.addIssue(`expected ${value === null ? wanted : limit}, got ${JSON.stringify(given)}`);
      return z.NEVER;
    });
}

/** A string that is not empty. */
export const text = () => z.string().min(1, 'expected a text, got nothing');

/** A file or directory; `loadConfig` makes it absolute, seen from the file it stands in. */
export const path = () => text().meta({ format: 'path' });

/** A program: a bare name is looked up on the PATH, one with a slash is a path. */
export const program = () => text().meta({ format: 'program' });

const wantedCommand = 'expected a command, as a line or a list';

/** A command and its arguments. A string is split on white space; there is no shell and no quoting. */
export const command = () =>
  z
    .union([z.string(), z.array(z.string())], { error: wantedCommand })
    .transform((value) => (typeof value === 'string' ? value.trim().split(/\s+/) : value))
    .refine(([file = '']) => file !== '', wantedCommand)
    .meta({ format: 'command' });

/** A name of ours: it becomes a folder of the store and a part of ids. */
export const name = () =>
  z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
      'expected a name of letters, digits, ".", "_" and "-" that starts with a letter or digit',
    );

/**
 * A whole number of at least `min`. Not `z.int()`: that one ends all checking, and the checks that
 * compare keys with each other would not run.
 */
export const count = (min: number) => z.number().multipleOf(1).min(min);

/** An IANA time zone. */
export const zone = () =>
  text().refine(
    (value) => IANAZone.isValidZone(value),
    'expected a time zone like Europe/Berlin or UTC',
  );

/** An http or https URL. */
export const url = () => z.url({ protocol: /^https?$/, error: 'expected a URL like https://…' });
