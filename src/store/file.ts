import { open, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Readable } from 'node:stream';
import { StillpointError } from '../errors.js';
import { unheard, withBody } from './body.js';
import { fileFailure, isMissing } from './file/errors.js';
import { foldersIn, removeFile, walk } from './file/tree.js';
import { isTemporary, writeFileWhole } from './file/write.js';
import { checkKey, isSafeKey } from './keys.js';
import { probeStore } from './probe.js';
import type { Store, StoredObject } from './store.js';

export interface FileStoreOptions {
  /** The folder, made (mode 0700) with the first object when it is not there. */
  path: string;
  /** Folders below it that all keys begin with. */
  prefix?: string;
}

/**
 * A store in a folder. An object is written beside its place under a name of our own, fsynced, and
 * renamed (or linked, for `ifAbsent`, so that of two racing commits one loses), its folder fsynced.
 * Files are 0600, folders 0700; a folder goes with its last object.
 */
export function openFileStore(options: FileStoreOptions): Store {
  const prefix = (options.prefix ?? '').replace(/^\/+|\/+$/g, '');
  if (prefix !== '') checkKey(prefix);
  const root = resolve(options.path, prefix);

  const pathOf = (key: string): string => {
    checkKey(key);
    if (key.split('/').some(isTemporary))
      throw new StillpointError('failed', `the key ${key} is kept for unfinished files`);
    return join(root, key);
  };

  const head = async (key: string): Promise<StoredObject | null> => {
    try {
      const found = await stat(pathOf(key));
      return found.isFile() ? { key, bytes: found.size, modified: found.mtime } : null;
    } catch (error) {
      if (isMissing(error)) return null;
      throw fileFailure(error, 'read', root, key);
    }
  };

  const store: Store = {
    url: pathToFileURL(root).href,

    put: (key, body, options = {}) =>
      withBody(body, options.signal, (stream) =>
        writeFileWhole({ root, key, path: pathOf(key) }, stream, options),
      ),

    async get(key, { signal } = {}): Promise<Readable> {
      signal?.throwIfAborted();
      if ((await head(key)) === null)
        throw new StillpointError('no-such-backup', `${join(root, key)} does not exist`);
      try {
        const file = await open(pathOf(key), 'r');
        return unheard(file.createReadStream(signal ? { signal } : {}));
      } catch (error) {
        throw fileFailure(error, 'read', root, key);
      }
    },

    head,

    async *list(wanted, { signal } = {}): AsyncGenerator<StoredObject> {
      for await (const { name, key } of walk(root, wanted)) {
        signal?.throwIfAborted();
        const found = isTemporary(name) || !isSafeKey(key) ? null : await head(key);
        if (found !== null) yield found;
      }
    },

    async folders(parent, { signal } = {}) {
      signal?.throwIfAborted();
      if (parent !== '') checkKey(parent.replace(/\/$/, ''));
      return foldersIn(join(root, parent));
    },

    async delete(keys) {
      for (const key of keys) {
        try {
          await removeFile(root, pathOf(key));
        } catch (error) {
          throw fileFailure(error, 'remove', root, key);
        }
      }
    },

    async sweep(under) {
      let swept = 0;
      for await (const { name, key } of walk(root, under)) {
        if (isTemporary(name) && (await removeFile(root, join(root, key)))) swept++;
      }
      return swept;
    },

    probe: () => probeStore(store),
    close: () => Promise.resolve(),
  };
  return store;
}
