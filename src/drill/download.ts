import { setMaxListeners } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pLimit from 'p-limit';
import type { Store } from '../store/store.js';
import { StillpointError } from '../errors.js';
import { checkedBytes } from '../restore/decode.js';
import type { Observe } from '../util/observe.js';

/** One object of a backup, as its manifest knows it. */
export interface StoredFile {
  key: string;
  bytes: number;
  sha256: string;
}

/** Downloads: of small ones most of the time goes by until a store that is far away answers. */
const atOnce = 16;

/**
 * Copies objects of a backup into a folder and compares size and SHA-256 on the way. Returns where to
 * read them from. Throws `verification` for the first that is damaged or missing.
 */
export async function download(
  store: Store,
  objects: readonly StoredFile[],
  folder: string,
  options: { signal: AbortSignal; observe: Observe },
): Promise<Pick<Store, 'get'>> {
  await mkdir(folder, { recursive: true });
  // Keys may be long and deep; here their numbers are names enough.
  const places = new Map(objects.map(({ key }, i) => [key, join(folder, String(i))]));
  const placeOf = (key: string): string => {
    const path = places.get(key);
    if (path === undefined) throw new StillpointError('failed', `${key} was not downloaded`);
    return path;
  };
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  // Each download listens to it.
  setMaxListeners(0, signal);
  const limit = pLimit(atOnce);
  const fetchOne = async (object: StoredFile): Promise<void> => {
    signal.throwIfAborted();
    const body = await store.get(object.key, { signal }).catch(asMissing(object.key));
    const onBytes = (bytes: number) => void options.observe({ type: 'read', bytes });
    const pieces = checkedBytes({ ...object, title: object.key, body, onBytes });
    const file = createWriteStream(placeOf(object.key), { mode: 0o600 });
    await pipeline(Readable.from(pieces, { objectMode: false }), file, { signal });
    await options.observe({ type: 'part', key: object.key });
  };
  await Promise.allSettled(
    objects.map((object) =>
      limit(async () => {
        await fetchOne(object).catch((error: unknown) => {
          failed.abort(error);
        });
      }),
    ),
  );
  signal.throwIfAborted();
  return { get: async (key) => Promise.resolve(createReadStream(placeOf(key))) };
}

/** An object that a manifest names is part of its backup, so its absence is damage. */
function asMissing(key: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof StillpointError) || error.code !== 'no-such-backup') throw error;
    throw new StillpointError('verification', `${key} is missing from the store`, {
      hint: 'The backup is lost; `stillpoint list` shows the others.',
      cause: error,
    });
  };
}
