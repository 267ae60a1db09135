import { existsSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file with a password in it that only we and our children can open. */
export interface OptionFile {
  /** For `--defaults-file=`. */
  path: string;
  close(): Promise<void>;
}

/**
 * Writes `text` where a child can read it and nobody else: on Linux into a file without a name, which
 * the child opens through our descriptor, so that nothing is left even after SIGKILL; elsewhere into a
 * file of mode 0600 in a folder of its own.
 */
export async function openOptionFile(text: string): Promise<OptionFile> {
  const folder = await mkdtemp(join(tmpdir(), 'stillpoint-'));
  const path = join(folder, 'my.cnf');
  const file = await open(path, 'wx+', 0o600);
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await file.writeFile(text);
  } catch (error) {
    await file.close();
    await remove();
    throw error;
  }
  const byDescriptor = `/proc/${process.pid}/fd/${file.fd}`;
  const nameless = existsSync(byDescriptor);
  if (nameless) await remove();
  return {
    path: nameless ? byDescriptor : path,
    async close() {
      await file.close();
      await remove();
    },
  };
}
