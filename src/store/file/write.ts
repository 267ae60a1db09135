import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StillpointError } from '../../errors.js';
import type { Body } from '../../util/lent.js';
import { syncFolder } from '../../util/atomicFile.js';
import { chunksOf } from '../body.js';
import type { PutOptions } from '../store.js';
import { codeOf, fileFailure, isMissing } from './errors.js';
import { removeEmptyFolders } from './tree.js';

const marker = '.stillpoint-unfinished-';

/** True for the names under which objects are written before they are whole. */
export function isTemporary(name: string): boolean {
  return name.startsWith(marker);
}

interface Target {
  /** The store's folder; nothing above it is touched. */
  root: string;
  key: string;
  path: string;
}

/** Writes an object so that it is there whole or not at all, also after a power loss. */
export async function writeFileWhole(
  target: Target,
  body: Body,
  { signal, ifAbsent = false, readBack = true }: PutOptions,
): Promise<{ bytes: number }> {
  const folder = dirname(target.path);
  const temporary = join(folder, `${marker}${randomBytes(8).toString('hex')}`);
  // Only the file system's errors become ours; the body's own pass unchanged.
  const named = <T>(doing: Promise<T>): Promise<T> =>
    doing.catch((error: unknown) => {
      throw fileFailure(error, 'write', target.root, target.key);
    });
  try {
    const file = await named(openIn(folder, temporary));
    let bytes = 0;
    try {
      for await (const chunk of chunksOf(body)) {
        await named(file.writeFile(chunk));
        bytes += chunk.length;
      }
      await named(file.sync());
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
    await named(file.close());
    signal?.throwIfAborted();
    await named(publish(temporary, target, ifAbsent));
    return { bytes: readBack ? await named(checkedSize(target, bytes)) : bytes };
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    await removeEmptyFolders(target.root, folder).catch(() => undefined);
    throw error;
  }
}

// A removal elsewhere may take the empty folder away again before the file is in it.
async function openIn(folder: string, path: string, tries = 10): Promise<FileHandle> {
  try {
    const made = await mkdir(folder, { recursive: true, mode: 0o700 });
    for (let at = folder; made !== undefined && at.length >= made.length; at = dirname(at)) {
      await syncFolder(dirname(at));
    }
    return await open(path, 'wx', 0o600);
  } catch (error) {
    if (isMissing(error) && tries > 1) return openIn(folder, path, tries - 1);
    throw error;
  }
}

async function publish(temporary: string, target: Target, ifAbsent: boolean): Promise<void> {
  if (ifAbsent) await claim(temporary, target);
  else await rename(temporary, target.path);
  try {
    await syncFolder(dirname(target.path));
  } catch (error) {
    await rm(target.path, { force: true });
    throw error;
  }
}

async function claim(temporary: string, { path }: Target): Promise<void> {
  try {
    await link(temporary, path);
    await rm(temporary);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') throw alreadyThere(path, error);
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code)) throw error;
    await claimWithoutLinks(temporary, path);
  }
}

// FAT and some network shares know no links. Here a crash between the two steps leaves an empty file.
async function claimWithoutLinks(temporary: string, path: string): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close();
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw alreadyThere(path, error);
    throw error;
  }
  await rename(temporary, path);
}

function alreadyThere(path: string, cause: unknown): StillpointError {
  return new StillpointError('failed', `${path} exists already`, { cause });
}

async function checkedSize({ path, key }: Target, expected: number): Promise<number> {
  const { size } = await stat(path);
  if (size === expected) return size;
  await rm(path, { force: true });
  throw new StillpointError('failed', `${key} was stored with ${size} bytes of ${expected}`);
}
