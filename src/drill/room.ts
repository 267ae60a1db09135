import { StillpointError } from '../errors.js';
import { freeBytes } from './folder.js';

/** Below this a server is about to run into the end of the disk. */
const least = 32 << 20;
const everyMs = 500;

/**
 * Fires when the disk of `folder` is all but full. A server would not say so itself: some engines wait
 * for somebody to make room. `look` looks at once: a disk can fill up between two looks, and what a
 * server says of that must not be held against the backup.
 */
export function watchRoom(folder: string): {
  full: AbortSignal;
  look(): Promise<void>;
  end(): void;
} {
  const full = new AbortController();
  const look = async (): Promise<void> => {
    if ((await freeBytes(folder)) >= least) return;
    full.abort(
      new StillpointError('failed', `the disk of the sandbox is full: ${folder}`, {
        hint: 'The backup is neither proven nor disproven. Name a larger disk: drill.directory.',
      }),
    );
  };
  const timer = setInterval(() => void look().catch(() => undefined), everyMs);
  return {
    full: full.signal,
    look,
    end() {
      clearInterval(timer);
    },
  };
}
