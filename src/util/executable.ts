import { access, constants, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf, StillpointError } from '../errors.js';

/**
 * The path of a program that could be run by us: `file` itself when it has a slash, else the first of that
 * name on the PATH. Runs nothing. Throws `failed` when there is none.
 */
export async function findExecutable(
  file: string,
  path = process.env['PATH'] ?? '',
): Promise<string> {
  if (file.includes('/')) {
    const why = await refusal(file);
    if (why === null) return file;
    throw new StillpointError('failed', why);
  }
  for (const folder of path.split(':').filter((one) => one !== ''))
    if ((await refusal(join(folder, file))) === null) return join(folder, file);
  throw new StillpointError('failed', `there is no ${file} on the PATH`);
}

/** Why a file cannot be run; null when it can. */
async function refusal(file: string): Promise<string | null> {
  try {
    if (!(await stat(file)).isFile()) return `${file} is no file`;
    await access(file, constants.X_OK);
    return null;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ENOENT') return `${file} is not there`;
    return code === 'EACCES' ? `${file} may not be run by us` : reasonOf(error);
  }
}
