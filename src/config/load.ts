import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { reasonOf, StillpointError } from '../errors.js';
import { configHint, parseConfig } from './parse.js';
import type { Config } from './schema.js';

export interface LoadOptions {
  /** The file named on the command line. */
  file?: string;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}

/**
 * Finds, reads and checks the configuration. The file is the one named, else $STILLPOINT_CONFIG, else
 * the first that exists of ./stillpoint.yaml, $XDG_CONFIG_HOME/stillpoint/config.yaml and
 * /etc/stillpoint/config.yaml. Throws `config` for a file that cannot be found, read or understood.
 */
export async function loadConfig(
  options: LoadOptions = {},
): Promise<{ config: Config; file: string }> {
  const { env = process.env, cwd = process.cwd() } = options;
  const { file, text } = await readFirst(options.file, env, cwd);
  const parsed = parseConfig(text, { shown: shownFrom(cwd, file), directory: dirname(file) });
  const stateDir = given(env, 'STILLPOINT_STATE_DIR') ?? parsed.stateDir ?? defaultStateDir(env);
  const schedulesDir = parsed.schedulesDir ?? join(dirname(file), 'schedules');
  return { config: { ...parsed, stateDir: resolve(cwd, stateDir), schedulesDir }, file };
}

async function readFirst(
  named: string | undefined,
  env: NodeJS.ProcessEnv,
  cwd: string,
): Promise<{ file: string; text: string }> {
  const only = named ?? given(env, 'STILLPOINT_CONFIG');
  const candidates = only === undefined ? usualPlaces(env, cwd) : [resolve(cwd, only)];
  for (const file of candidates) {
    try {
      return { file, text: await readFile(file, 'utf8') };
    } catch (cause) {
      const absent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
      if (!absent || only !== undefined)
        throw new StillpointError('config', `cannot read ${file}: ${reasonOf(cause)}`, {
          hint: 'Name the configuration file with -c FILE or $STILLPOINT_CONFIG.',
          cause,
        });
    }
  }
  throw new StillpointError(
    'config',
    `no configuration file: looked for ${candidates.join(', ')}`,
    {
      hint: `Write one, or name it with -c FILE or $STILLPOINT_CONFIG. ${configHint}`,
    },
  );
}

function usualPlaces(env: NodeJS.ProcessEnv, cwd: string): string[] {
  const home = given(env, 'XDG_CONFIG_HOME') ?? join(env['HOME'] ?? homedir(), '.config');
  return [
    join(cwd, 'stillpoint.yaml'),
    join(home, 'stillpoint', 'config.yaml'),
    '/etc/stillpoint/config.yaml',
  ];
}

/** Where state lies when nothing names a folder. */
export function defaultStateDir(env: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return '/var/lib/stillpoint';
  const home = given(env, 'XDG_STATE_HOME') ?? join(env['HOME'] ?? homedir(), '.local', 'state');
  return join(home, 'stillpoint');
}

// A variable that is set to nothing counts as not set.
function given(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

function shownFrom(cwd: string, file: string): string {
  const near = relative(cwd, file);
  return near.startsWith('..') || isAbsolute(near) ? file : near;
}
