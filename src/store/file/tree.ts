import { readdir, rmdir, unlink } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf, isMissing } from './errors.js';

/** A file below a root: its name, and its path from the root with `/`. */
export interface Found {
  name: string;
  key: string;
}

/** Every file below `root` whose key starts with `wanted`, in the order of the keys. */
export async function* walk(root: string, wanted: string, folder = ''): AsyncGenerator<Found> {
  for (const entry of inKeyOrder(await entriesOf(join(root, folder)))) {
    const key = `${folder}${entry.name}`;
    if (entry.isDirectory()) {
      const inside = `${key}/`;
      if (inside.startsWith(wanted) || wanted.startsWith(inside)) yield* walk(root, wanted, inside);
    } else if (entry.isFile() && key.startsWith(wanted)) yield { name: entry.name, key };
  }
}

/** The names of the folders in a folder, sorted; none when it does not exist. */
export async function foldersIn(path: string): Promise<string[]> {
  const entries = await entriesOf(path);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** Removes a file and the folders it leaves empty, up to `root`. False when it was not there. */
export async function removeFile(root: string, path: string): Promise<boolean> {
  let removed = true;
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
    removed = false;
  }
  await removeEmptyFolders(root, dirname(path));
  return removed;
}

/** Removes `folder` and those above it as far as they are empty, but never `root`. */
export async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  for (let at = folder; at.length > root.length && at.startsWith(root); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch (error) {
      if (['ENOTEMPTY', 'EEXIST', 'EBUSY', 'EACCES', 'EPERM'].includes(codeOf(error))) return;
      if (!isMissing(error)) throw error;
    }
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

// As keys compare: "a-b" before "a/x", so a folder counts with its slash.
function inKeyOrder(entries: Dirent[]): Dirent[] {
  const keyOf = (entry: Dirent): string => (entry.isDirectory() ? `${entry.name}/` : entry.name);
  return entries.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
