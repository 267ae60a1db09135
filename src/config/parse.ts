import type { z } from 'zod';
import { configHint } from './find.js';
import { configSchema } from './schema.js';
import { parseYamlFile } from './yamlFile.js';

/**
 * Parses and checks the text of a configuration file. `shown` is its name in errors, `directory` what
 * relative paths are seen from. Throws as `parseYamlFile` does.
 */
export function parseConfig(
  text: string,
  { shown, directory }: { shown: string; directory: string },
): z.infer<typeof configSchema> {
  return parseYamlFile(text, { schema: configSchema, shown, directory, hint: configHint });
}
