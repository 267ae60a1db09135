import { z } from 'zod';
import { parseDuration, parseSize } from './units.js';

// The kinds of value that keys of the configuration share. Transforms answer in seconds and bytes, so
// that nothing beyond this folder parses a unit.

interface Bounds {
  min?: number;
  max?: number;
}

/** A duration: `60s`, `1h30m`, or a number of seconds. Seconds once parsed. */
export function duration(bounds: Bounds = {}) {
  return quantity(parseDuration, 'a duration like 60s, 1h30m or 14d', 's', bounds);
}

/** A size: `16MiB`, `10GB`, or a number of bytes. Bytes once parsed. */
export function size(bounds: Bounds = {}) {
  return quantity(parseSize, 'a size like 16MiB or 10GB', ' bytes', bounds);
}

function quantity(
  parse: (text: string | number) => number | null,
  wanted: string,
  unit: string,
  { min = 0, max = Infinity }: Bounds,
) {
  return z.union([z.string(), z.number()]).transform((text, context): number => {
    const value = parse(text);
    if (value !== null && value >= min && value <= max) return value;
    const message =
      value === null
        ? `expected ${wanted}, got ${JSON.stringify(text)}`
        : value < min
          ? `expected at least ${min}${unit}, got ${JSON.stringify(text)}`
          : `expected at most ${max}${unit}, got ${JSON.stringify(text)}`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/** A string that is not empty. */
export const text = () => z.string().min(1, 'expected a text, got nothing');

/** A file or directory; `loadConfig` makes it absolute, seen from the file it stands in. */
export const path = () => text().meta({ format: 'path' });

/** A program: a bare name is looked up on the PATH, one with a slash is a path. */
export const program = () => text().meta({ format: 'program' });

/** A command and its arguments. A string is split on white space; there is no shell and no quoting. */
export const command = () =>
  z
    .union([text(), z.array(z.string()).min(1)])
    .transform((value) => (typeof value === 'string' ? value.trim().split(/\s+/) : value))
    .refine((argv) => argv[0] !== '', 'expected a command')
    .meta({ format: 'command' });

/** A name of ours: it becomes a folder of the store and a part of ids. */
export const name = () =>
  z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
      'expected a name of letters, digits, ".", "_" and "-" that starts with a letter or digit',
    );

/** A whole number of at least `min`. */
export const count = (min: number) => z.int().min(min);
