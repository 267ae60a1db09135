import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Who may read a file, and enter its folder if that has to be made. */
const modes = {
  us: { file: 0o600, folder: 0o700 },
  /** As the umask says. */
  others: { file: 0o666, folder: 0o777 },
} as const;

// Two writers of one process must not share the file beside.
let written = 0;

/**
 * Writes a file so that a reader, and a machine that loses power, sees the old text or the new one:
 * beside it, fsynced, renamed, folder fsynced.
 */
export async function writeAtomic(
  path: string,
  text: string | Buffer,
  readableBy: keyof typeof modes = 'us',
): Promise<void> {
  const mode = modes[readableBy];
  await mkdir(dirname(path), { recursive: true, mode: mode.folder });
  const beside = `${path}.${process.pid}-${(written += 1)}.new`;
  const file = await open(beside, 'w', mode.file);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
  await syncFolder(dirname(path));
}

/** Makes renames and removals in a folder outlive a power loss. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
