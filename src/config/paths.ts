import type { z } from 'zod';
import { credentialOr } from './credentials.js';
import { absolutePath } from './folders.js';
import { below, markedSchema, type JsonSchema } from './json-schema.js';

/**
 * The value of a file with this schema, with every path made absolute: a relative one is seen from
 * `directory`, `~/` is the home directory. In a unit of systemd with LoadCredential=, it is the credential. A program's bare name stays as it is.
 */
export function absolutePaths(value: unknown, schema: z.ZodType, directory: string): unknown {
  return walk(value, [markedSchema(schema)], directory);
}

function walk(value: unknown, schemas: JsonSchema[], directory: string): unknown {
  const mark = schemas.find((schema) => schema.format !== undefined)?.format;
  if (typeof value === 'string') {
    if (mark === 'path')
      return credentialOr(absolutePath(value, directory), process.env['CREDENTIALS_DIRECTORY']);
    if (mark === 'program') return program(value, directory);
    if (mark === 'command') return value.replace(/^\s*\S+/, (first) => program(first, directory));
    return value;
  }
  if (Array.isArray(value)) {
    const items: unknown[] = value;
    return items.map((item, i) =>
      mark === 'command' && i === 0 && typeof item === 'string'
        ? program(item, directory)
        : walk(item, into(schemas, i), directory),
    );
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, walk(item, into(schemas, key), directory)]),
  );
}

function into(schemas: JsonSchema[], key: string | number): JsonSchema[] {
  return schemas.flatMap((schema) => below(schema, key));
}

function program(text: string, directory: string): string {
  return text.includes('/') ? absolutePath(text.trim(), directory) : text;
}
