import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { given } from './find.js';

/** A path as a file in `directory` has it: a relative one is seen from there, `~/` is the home directory. */
export function absolutePath(text: string, directory: string): string {
  if (text === '') return text;
  return text.startsWith('~/') ? join(homedir(), text.slice(2)) : resolve(directory, text);
}

/** Where a configuration keeps state and has its schedules, whether or not it says so. */
export function foldersOf(
  { stateDir, schedulesDir }: { stateDir?: string; schedulesDir?: string },
  { file, env, cwd }: { file: string; env: NodeJS.ProcessEnv; cwd: string },
): { stateDir: string; schedulesDir: string } {
  const directory = dirname(file);
  const named =
    given(env, 'STILLPOINT_STATE_DIR') ?? (stateDir && absolutePath(stateDir, directory));
  return {
    stateDir: resolve(cwd, named ?? defaultStateDir(env)),
    schedulesDir: absolutePath(schedulesDir ?? 'schedules', directory),
  };
}

function defaultStateDir(env: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return '/var/lib/stillpoint';
  const home = given(env, 'XDG_STATE_HOME') ?? join(env['HOME'] ?? homedir(), '.local', 'state');
  return join(home, 'stillpoint');
}
