import { StillpointError, reasonOf } from '../../errors.js';

/** The system's name of an error, `ENOSPC`, or an empty string. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** True when there is no such file or folder. */
export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(error));
}

/** An error of the file system as ours: names the store's folder and the key. */
export function fileFailure(
  error: unknown,
  action: 'read' | 'write' | 'remove',
  root: string,
  key: string,
): StillpointError {
  if (error instanceof StillpointError) return error;
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new StillpointError('failed', `no space left in ${root} to ${action} ${key}`, {
        hint: 'Free space there, or see what can go with: stillpoint prune --dry-run',
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new StillpointError('failed', `may not ${action} ${key} in ${root}`, {
        hint: `Let the user that runs stillpoint own it: chown -R $(id -un) ${root}`,
        cause: error,
      });
    default:
      return new StillpointError(
        'failed',
        `cannot ${action} ${key} in ${root}: ${reasonOf(error)}`,
        {
          cause: error,
        },
      );
  }
}
