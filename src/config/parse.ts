import type { z } from 'zod';
import { configSchema } from './schema.js';
import { parseYamlFile } from './yamlFile.js';

/** What to do about a wrong configuration file. */
export const configHint =
  'Every key is described in docs/configuration.md; `stillpoint doctor` checks the file.';

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
