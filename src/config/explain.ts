import type { z } from 'zod';
import { knownKeys } from './json-schema.js';
import { didYouMean } from './nearest.js';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** One mistake of a configuration file: where it is, on the key or on its value, and what it is. */
export interface Mistake {
  path: Path;
  on: 'key' | 'value';
  message: string;
}

const nouns: Readonly<Record<string, readonly string[]>> = {
  string: ['a text'],
  number: ['a number'],
  int: ['a whole number'],
  boolean: ['true', 'false'],
  object: ['a map'],
  record: ['a map'],
  array: ['a list'],
  null: ['nothing'],
};

/** What zod found wrong with `root`, in our own words. A password is never shown. */
export function explain(
  issue: Issue,
  root: unknown,
  schema: z.ZodType,
  above: Path = [],
): Mistake[] {
  const path = [...above, ...issue.path];
  const got = valueAt(root, path);
  const wrong = (message: string): Mistake[] => [
    { path, on: 'value', message: `${prefix(path)}${message}` },
  ];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: [...path, key],
        on: 'key',
        message: `unknown key "${key}"${inside(path)}${didYouMean(key, knownKeys(schema, path))}`,
      }));
    case 'invalid_key':
      return [{ path, on: 'key', message: `${prefix(path)}${issue.issues[0]?.message ?? ''}` }];
    case 'invalid_type':
      if (got === undefined) return [missing(path)];
      return wrong(expected([issue.expected], got, path));
    case 'invalid_value':
      return wrong(expected(issue.values.map(String), got, path) + near(got, issue.values));
    case 'invalid_union':
      return explainUnion(issue, root, schema, path);
    case 'too_small':
    case 'too_big':
      return wrong(bound(issue, got));
    case 'not_multiple_of':
      return wrong(expected(['int'], got, path));
    case 'custom': {
      const known: unknown = issue.params?.['known'];
      const absent: unknown = issue.params?.['missing'];
      if (typeof absent === 'string') return [missing([...path, absent], issue.message)];
      return wrong(issue.message + (Array.isArray(known) ? near(got, known) : ''));
    }
    default:
      return wrong(issue.message);
  }
}

function explainUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  root: unknown,
  schema: z.ZodType,
  path: Path,
): Mistake[] {
  const got = valueAt(root, path);
  if (got === undefined) return [missing(path)];
  const wrong = (message: string): Mistake[] => [
    { path, on: 'value', message: `${prefix(path)}${message}` },
  ];
  if (issue.discriminator !== undefined) {
    const options =
      'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
    return wrong(expected(options, got, path) + near(got, options));
  }
  // The kind of value is right and something within it is wrong: say that.
  const inner = issue.errors.find((issues) =>
    issues.every((one) => one.path.length > 0 || one.code === 'unrecognized_keys' || isOwn(one)),
  );
  if (inner !== undefined) return inner.flatMap((one) => explain(one, root, schema, path));
  if (!issue.message.startsWith('Invalid')) return wrong(issue.message);
  const kinds = issue.errors.flat().flatMap((one) => {
    if (one.code === 'invalid_type') return [one.expected];
    return one.code === 'invalid_value' ? one.values.map(String) : [];
  });
  return wrong(expected(kinds, got, path));
}

function missing(path: Path, why = ''): Mistake {
  const key = String(path.at(-1) ?? '');
  const around = path.slice(0, -1);
  const message = `missing key "${key}"${inside(around)}${why === '' ? '' : `: ${why}`}`;
  return { path: around, on: 'key', message };
}

function bound(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, got: unknown): string {
  if (!/^Too (small|big)/.test(issue.message)) return issue.message;
  const [word, limit] =
    issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum];
  return issue.origin === 'array'
    ? `expected ${word} ${limit} of them`
    : `expected ${word} ${limit}, got ${String(got)}`;
}

function expected(kinds: readonly string[], got: unknown, path: Path): string {
  const words = [...new Set(kinds.flatMap((kind) => nouns[kind] ?? kind))];
  const last = words.pop() ?? '';
  const list = words.length > 0 ? `${words.join(', ')} or ${last}` : last;
  const quote =
    words.length === 0 && last === 'a text' && typeof got !== 'object' ? ': put it in quotes' : '';
  return `expected ${list}, got ${shown(got, path)}${quote}`;
}

function shown(value: unknown, path: Path): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const hidden = path.at(-1) === 'password' || path.includes('headers') || isUrl(value);
  if (hidden) return `a ${typeof value}`;
  return JSON.stringify(value);
}

/** A rule of ours about a whole map, which was reached because it is one. */
function isOwn(issue: Issue): boolean {
  return issue.code === 'custom';
}

// Those of notifications are secrets.
function isUrl(value: unknown): boolean {
  return typeof value === 'string' && /^https?:/i.test(value);
}

function near(got: unknown, options: readonly unknown[]): string {
  return typeof got === 'string' ? didYouMean(got, options.map(String)) : '';
}

function inside(path: Path): string {
  return path.length > 0 ? ` in ${path.join('.')}` : '';
}

function prefix(path: Path): string {
  return path.length > 0 ? `${path.join('.')}: ` : '';
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
