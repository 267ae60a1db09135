import { homedir } from 'node:os';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { findConfig, given, type LoadOptions } from './find.js';
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
  const stateDir = given(env, 'STILLPOINT_STATE_DIR') ?? parsed.stateDir ?? defaultStateDir(env);
  const schedulesDir = parsed.schedulesDir ?? join(dirname(file), 'schedules');
  return { config: { ...parsed, stateDir: resolve(cwd, stateDir), schedulesDir }, file };
}

/** Where state lies when nothing names a folder. */
export function defaultStateDir(env: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return '/var/lib/stillpoint';
  const home = given(env, 'XDG_STATE_HOME') ?? join(env['HOME'] ?? homedir(), '.local', 'state');
  return join(home, 'stillpoint');
}

function shownFrom(cwd: string, file: string): string {
  const near = relative(cwd, file);
  return near.startsWith('..') || isAbsolute(near) ? file : near;
}
