import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { reasonOf, StillpointError } from '../errors.js';

/** What to do about a wrong configuration file. */
export const configHint =
  'Every key is described in docs/configuration.md; `stillpoint doctor` checks the file.';

export interface LoadOptions {
  /** The file named on the command line. */
  file?: string;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}

/**
 * Finds and reads the configuration, without looking into it. Throws `config` for a file that cannot be
 * found or read.
 */
export async function findConfig({
  file: named,
  env = process.env,
  cwd = process.cwd(),
}: LoadOptions = {}): Promise<{ file: string; text: string }> {
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
      hint: `\`stillpoint init\` writes one; -c FILE or $STILLPOINT_CONFIG names it. ${configHint}`,
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

/** A variable of the environment; one that is set to nothing counts as not set. */
export function given(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}
