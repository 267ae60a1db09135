import { StillpointError } from '../errors.js';
import { freeBytes } from './folder.js';

/** Below this a server is about to run into the end of the disk. */
const least = 32 << 20;
const everyMs = 500;

/**
 * What to say when the disk of `folder` is all but full; null when it is not. To be asked after each
 * failure: what a server does at the end of a disk must not be held against the backup.
 */
export async function outOfRoom(folder: string): Promise<StillpointError | null> {
  if ((await freeBytes(folder)) >= least) return null;
  return new StillpointError('failed', `the disk of the sandbox is full: ${folder}`, {
    hint: 'The backup is neither proven nor disproven. Name a larger disk: drill.directory.',
  });
}

/** Fires when the disk of `folder` is all but full: some engines wait for somebody to make room. */
export function watchRoom(folder: string): { full: AbortSignal; end(): void } {
  const full = new AbortController();
  const look = async (): Promise<void> => {
    const why = await outOfRoom(folder);
    if (why) full.abort(why);
  };
  const timer = setInterval(() => void look().catch(() => undefined), everyMs);
  return {
    full: full.signal,
    end() {
      clearInterval(timer);
    },
  };
}
