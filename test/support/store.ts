import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** The keys of all files in a file store, sorted; none when it does not exist. */
export async function keysIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}
