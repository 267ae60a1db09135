import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import { readManifest } from './catalog/catalog.js';
import type { Config } from './config/schema.js';
import { reasonOf } from './errors.js';
import { openBackup } from './openBackup.js';
import { checkedBytes } from './restore/decode.js';
import { ignore, type Observe } from './util/observe.js';

/** Objects: of small ones most of the time goes by until a store that is far away answers. */
const readsAtOnce = 16;

/** What a verification found. */
export interface Verification {
  backup: string;
  pair: string;
  status: 'intact' | 'damaged';
  /** Stored objects that were read. */
  objects: number;
  bytes: number;
  /** One line for each thing that is wrong. */
  problems: string[];
  seconds: number;
}

/**
 * Reads every object of a backup back from the store and compares it with its size and SHA-256. That
 * proves what is stored is what was dumped; that it restores is for a drill to prove.
 */
export async function verify(
  config: Config,
  options: { backup: string; pair?: string; signal?: AbortSignal; observe?: Observe },
): Promise<Verification> {
  const { observe = ignore } = options;
  const begun = performance.now();
  const signal = AbortSignal.any(options.signal ? [options.signal] : []);
  // Each that is read listens to it.
  setMaxListeners(0, signal);
  const { store, record, name } = await openBackup(config, options.backup, options.pair);
  try {
    const problems: string[] = [];
    let bytes = 0;
    const manifest = await readManifest(store, record).catch((error: unknown) => {
      problems.push(reasonOf(error));
      return null;
    });
    const objects = [record.script, ...(manifest?.parts ?? [])];
    await observe({ type: 'plan', parts: objects.length, estimatedBytes: record.bytes.stored });
    const limit = pLimit(readsAtOnce);
    await Promise.all(
      objects.map((object) =>
        limit(async () => {
          signal.throwIfAborted();
          try {
            const body = await store.get(object.key, { signal });
            const onBytes = (read: number) => {
              bytes += read;
              void observe({ type: 'read', bytes: read });
            };
            const pieces = checkedBytes({ ...object, title: object.key, body, onBytes });
            while ((await pieces.next()).done !== true);
          } catch (error) {
            signal.throwIfAborted();
            problems.push(reasonOf(error));
          }
          await observe({ type: 'part', key: object.key });
        }),
      ),
    );
    return {
      backup: record.id,
      pair: name,
      status: problems.length === 0 ? 'intact' : 'damaged',
      objects: objects.length,
      bytes,
      problems: problems.sort(),
      seconds: Math.round(performance.now() - begun) / 1000,
    };
  } finally {
    await store.close();
  }
}
