import { dirname, isAbsolute, relative } from 'node:path';
import { findConfig, type LoadOptions } from './find.js';
import { foldersOf } from './folders.js';
import { parseConfig } from './parse.js';
import type { Config } from './schema.js';

/**
 * Finds, reads and checks the configuration. The file is the one named, else $STILLPOINT_CONFIG, else
 * the first that exists of ./stillpoint.yaml, $XDG_CONFIG_HOME/stillpoint/config.yaml and
 * /etc/stillpoint/config.yaml. Throws `config` for a file that cannot be found, read or understood.
 */
export async function loadConfig(
  options: LoadOptions = {},
): Promise<{ config: Config; file: string }> {
  const { env = process.env, cwd = process.cwd() } = options;
  const { file, text } = await findConfig({ ...options, env, cwd });
  const parsed = parseConfig(text, { shown: shownFrom(cwd, file), directory: dirname(file) });
  return { config: { ...parsed, ...foldersOf(parsed, { file, env, cwd }) }, file };
}

function shownFrom(cwd: string, file: string): string {
  const near = relative(cwd, file);
  return near.startsWith('..') || isAbsolute(near) ? file : near;
}
