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
  signal?: AbortSignal,
): Promise<void> {
  const listed = new Map<string, number>();
  const all = store.list(backupPrefix(at), { signal, patient: true });
  for await (const { key, bytes } of all) listed.set(key, bytes);
  const others = parts.filter(({ key, bytes }) => listed.get(key) !== bytes);
  const limit = pLimit(16);
  await Promise.all(
    others.map(({ key, bytes }) =>
      limit(async () => {
        signal?.throwIfAborted();
        // Some services list late.
        const found = await store.head(key);
        if (found?.bytes !== bytes) throw notAsSent(store, key, { sent: bytes, found });
      }),
    ),
  );
}
