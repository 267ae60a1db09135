import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { describe, expect, test } from 'vitest';
import { configJsonSchema, type JsonSchema } from '../../../src/config/json-schema.js';
import { parseConfig } from '../../../src/config/parse.js';

// What is published about the configuration is made from its schema. After a change of the schema:
//   UPDATE_GOLDEN=1 npx vitest run test/unit/config/published.test.ts
const update = process.env['UPDATE_GOLDEN'] !== undefined;
const schemaFile = docs('config.schema.json');
const pageFile = docs('configuration.md');

test('docs/config.schema.json is the schema', async () => {
  const now = await formatted(schemaFile, JSON.stringify(configJsonSchema()));
  if (update) await writeFile(schemaFile, now);
  expect(await readFile(schemaFile, 'utf8')).toBe(now);
});

describe('docs/configuration.md', () => {
  test('has a row with the default for every key', async () => {
    const page = await readFile(pageFile, 'utf8');
    const filled = page.replaceAll(
      /<!-- keys: (\w+) -->\n+(\|.*\n)*/g,
      (_, name: string) => `<!-- keys: ${name} -->\n\n${table(name)}\n`,
    );
    const now = await formatted(pageFile, filled);
    if (update) await writeFile(pageFile, now);
    expect(await readFile(pageFile, 'utf8')).toBe(now);
    for (const key of rowsOf(configJsonSchema()).map((row) => row.key))
      expect(now).toContain(`| \`${key}\` `);
  });

  test('has examples that are right', async () => {
    const page = await readFile(pageFile, 'utf8');
    const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text!);
    expect(examples).toHaveLength(2);
    for (const text of examples)
      expect(() => parseConfig(text, { shown: 'example', directory: '/etc' })).not.toThrow();
  });
});

test('every key has a sentence', () => {
  for (const { key, text } of rowsOf(configJsonSchema())) expect(text, key).toMatch(/^\S.*\.$/);
});

interface Row {
  table: string;
  key: string;
  standard: string;
  text: string;
}

function table(name: string): string {
  const rows = rowsOf(configJsonSchema()).filter((row) => row.table === name);
  expect(rows.length, name).toBeGreaterThan(0);
  const lines = rows.map(({ key, standard, text }) => `| \`${key}\` | ${standard} | ${text} |`);
  return ['| Key | Default | What it is |', '| --- | --- | --- |', ...lines, ''].join('\n');
}

/** One row a key; keys of the same shape in several places (servers, passwords) have one row together. */
function rowsOf(schema: JsonSchema): Row[] {
  const rows = new Map<string, Row>();
  for (const { path, field, required } of keysOf(schema, '')) {
    const [name, key] = place(path);
    const { const: only, enum: values, default: standard } = field;
    const taken = only === undefined ? (values ?? []) : [only];
    const list = taken.map((value) => `\`${String(value)}\``).join(', ');
    rows.set(`${name} ${key}`, {
      table: name,
      key,
      standard: required ? 'required' : standard === undefined ? '' : shown(standard),
      text: `${field.description ?? ''}${list && ` ${list}.`}`,
    });
  }
  return [...rows.values()];
}

function* keysOf(
  schema: JsonSchema,
  around: string,
): Generator<{ path: string; field: JsonSchema; required: boolean }> {
  for (const one of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])])
    yield* keysOf(one, around + kindOf(one));
  for (const [key, field] of Object.entries(schema.properties ?? {}) as [string, JsonSchema][]) {
    const path = around === '' ? key : `${around}.${key}`;
    yield { path, field, required: schema.required?.includes(key) ?? false };
    yield* keysOf(field, path);
  }
  for (const [inner, mark] of [
    [schema.additionalProperties, '.*'],
    [schema.items, '[]'],
  ] as const)
    if (typeof inner === 'object') yield* keysOf(inner as JsonSchema, around + mark);
}

/** `:s3` for the schema of a store of type s3. */
function kindOf(schema: JsonSchema): string {
  const type = schema.properties?.['type'];
  return typeof type === 'object' && type.const !== undefined ? `:${String(type.const)}` : '';
}

/** The table a key stands in, and what it is called there. */
function place(path: string): [table: string, key: string] {
  const [, pair] = /^pairs\.\*\.(.+)$/.exec(path) ?? [];
  const [, kind, store] = /^stores\.\*:(\w+)\.(.+)$/.exec(path) ?? [];
  const [, notify] = /^(?:pairs\.\*\.)?notify\.(.+)$/.exec(path) ?? [];
  // Each check of a heartbeat is a URL with the same ways to give it.
  if (notify !== undefined)
    return ['notify', notify.replace(/^heartbeat\.\w+\./, 'heartbeat.').replace('.*.', '.*: ')];
  const [, target] = /^targets\.\*\.(.+)$/.exec(path) ?? [];
  if (kind !== undefined && store !== undefined) return [kind, store];
  if (target !== undefined) return [target.startsWith('tools.') ? 'pair' : 'server', target];
  if (pair === undefined) return ['top', path];
  const [, server] = /^(?:source|replica|replicas\.\*)\.(.+)$/.exec(pair) ?? [];
  const isOwn = server === undefined || ['preference', 'backups'].includes(server);
  return isOwn ? ['pair', pair.replace('.*.', '.NAME.')] : ['server', server];
}

function shown(standard: unknown): string {
  if (Array.isArray(standard)) return `\`[${standard.join(', ')}]\``;
  const plain = ['string', 'number', 'boolean'].includes(typeof standard);
  return plain ? `\`${String(standard)}\`` : '';
}

async function formatted(file: string, text: string): Promise<string> {
  return format(text, { ...(await resolveConfig(file)), filepath: file });
}

function docs(name: string): string {
  return fileURLToPath(new URL(`../../../docs/${name}`, import.meta.url));
}
