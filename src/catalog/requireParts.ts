import pLimit from 'p-limit';
import { backupPrefix, type BackupAddress } from '../store/keys.js';
import { notAsSent, type Store } from '../store/store.js';
import type { ManifestPart } from './records.js';

/**
 * Throws unless the store has every part of a backup as it was sent. One listing tells it of a thousand; to ask for
 * each took as long as to send small ones.
 */
export async function requireParts(
  store: Store,
  { parts, ...at }: BackupAddress & { parts: readonly Pick<ManifestPart, 'key' | 'bytes'>[] },
  signal: AbortSignal,
): Promise<void> {
  const listed = await listedSizes(store, backupPrefix(at), signal);
  const others = parts.filter(({ key, bytes }) => listed.get(key) !== bytes);
  const failed = new AbortController();
  const inside = AbortSignal.any([signal, failed.signal]);
  const ask = async ({ key, bytes }: (typeof parts)[number]) => {
    inside.throwIfAborted();
    const found = await store.head(key);
    if (found?.bytes !== bytes) throw notAsSent(store, key, { sent: bytes, found });
  };
  const limit = pLimit(16);
  // The first that is not there ends it: thousands may wait for their turn.
  await Promise.allSettled(
    others.map((part) => limit(ask, part).catch((error: unknown) => failed.abort(error))),
  );
  inside.throwIfAborted();
}

/** As far as the store tells: some list late, one (s3rver) no more than a thousand. */
async function listedSizes(
  store: Store,
  prefix: string,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  try {
    const all = store.list(prefix, { signal, attempts: 4 });
    for await (const { key, bytes } of all) sizes.set(key, bytes);
  } catch {
    signal.throwIfAborted();
  }
  return sizes;
}
