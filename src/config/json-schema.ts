import { z } from 'zod';
import { configSchema } from './schema.js';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

// Our own marks, which `fields.ts` puts on the kinds of paths. Editors do not know them.
const marks = new Set(['path', 'program', 'command']);

/** The JSON Schema of the configuration file, published as `docs/config.schema.json`. */
export function configJsonSchema(): JsonSchema {
  return publishedSchema(configSchema);
}

/** A JSON Schema as an editor wants it: what may be written in a file, not what it is parsed to. */
export function publishedSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      if (marks.has(jsonSchema.format ?? '')) delete jsonSchema.format;
      if (jsonSchema.multipleOf === 1) {
        jsonSchema.type = 'integer';
        delete jsonSchema.multipleOf;
      }
    },
  });
}

const marked = new WeakMap<z.ZodType, JsonSchema>();

/** The same with our marks on paths (`format`: path, program or command). */
export function markedSchema(schema: z.ZodType): JsonSchema {
  const made = marked.get(schema) ?? z.toJSONSchema(schema, { io: 'input' });
  marked.set(schema, made);
  return made;
}

/** The schemas that a value under `key` may have, where `schema` is that of the map or list around it. */
export function below(schema: JsonSchema, key: PropertyKey): JsonSchema[] {
  const found = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((one) =>
    typeof one === 'boolean' ? [] : below(one, key),
  );
  const own =
    typeof key === 'number'
      ? schema.items
      : (schema.properties?.[String(key)] ?? schema.additionalProperties);
  if (typeof own === 'object' && !Array.isArray(own)) found.push(own);
  return found;
}

/** The keys that the map at `path` of a file may have; none when it takes any. */
export function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let schemas = [markedSchema(schema)];
  for (const key of path) schemas = schemas.flatMap((schema) => below(schema, key));
  return [...new Set(schemas.flatMap(keysOf))];
}

function keysOf(schema: JsonSchema): string[] {
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return [
    ...Object.keys(schema.properties ?? {}),
    ...inner.flatMap((one) => (typeof one === 'boolean' ? [] : keysOf(one))),
  ];
}
