import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { Store } from '../../src/store/store.js';
import type { Chain } from './chain.js';

/** As many files at once as `aws s3 cp --recursive` takes. */
const filesAtOnce = 10;

/** Stores what a chain of programs writes; bytes. */
export async function uploadChain(store: Store, { stdout, ended }: Chain): Promise<number> {
  const { bytes } = await store.put('bench/stream', stdout, { estimatedBytes: 1e9 });
  await ended;
  return bytes;
}

/** Stores every file of a folder; bytes. */
export async function uploadFolder(store: Store, folder: string): Promise<number> {
  const limit = pLimit(filesAtOnce);
  const put = async (name: string): Promise<number> => {
    const file = join(folder, name);
    const { size } = await stat(file);
    const body = createReadStream(file);
    return (await store.put(`bench/folder/${name}`, body, { estimatedBytes: size })).bytes;
  };
  const names = await readdir(folder);
  const sizes = await Promise.all(names.map((name) => limit(put, name)));
  return sizes.reduce((all, size) => all + size, 0);
}
