import { readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { reasonOf, StillpointError } from '../errors.js';
import { syncFolder, writeAtomic } from './atomicFile.js';

/** What a run leaves on disk, so that the same command can go on with it. */
export interface StateFile<T> {
  /** Null when there is none. Throws `failed` for what cannot be read, with `hint`. */
  read(): Promise<T | null>;
  /** It is on disk when this has settled. Throws `failed` when it cannot be written. */
  write(entry: T): Promise<void>;
  close(): Promise<void>;
}

/** The name of a file about one server of a pair: no name of a pair holds a plus. */
export function stateName(pair: string, server: string): string {
  return `${encodeURIComponent(pair)}+${encodeURIComponent(server)}`;
}

/** A file of this path; `hint` tells what to do about one that cannot be read. */
export function stateFile<T>(path: string, shape: z.ZodType<T>, hint: string): StateFile<T> {
  return {
    async read() {
      try {
        return shape.parse(JSON.parse(await readFile(path, 'utf8')));
      } catch (error) {
        if (isAbsent(error)) return null;
        const message = `cannot read ${path}: ${reasonOf(error)}`;
        throw new StillpointError('failed', message, { hint, cause: error });
      }
    },
    async write(entry) {
      await writeAtomic(path, `${JSON.stringify(entry, null, 2)}\n`).catch((error: unknown) => {
        throw new StillpointError('failed', `cannot write ${path}: ${reasonOf(error)}`, {
          hint: 'Make room, or set stateDir in the configuration to a folder that this user may write.',
          cause: error,
        });
      });
    },
    async close() {
      await rm(path, { force: true });
      await syncFolder(dirname(path)).catch((error: unknown) => {
        if (!isAbsent(error)) throw error;
      });
    },
  };
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
