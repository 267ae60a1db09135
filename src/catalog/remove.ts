import { backupPrefix, commitKey, type BackupAddress } from '../store/keys.js';
import type { Store } from '../store/store.js';
import type { Clock } from '../util/clock.js';
import type { Observe } from '../util/observe.js';
import { pinHolds, readPin, removePin } from './pins.js';
import { markForRemoval, unmark } from './pruning.js';

/** How the removal of one backup ended. */
export interface Removal {
  /** `locked`: Object Lock still holds it. `pinned`: somebody pinned it meanwhile. Both left it as it was. */
  outcome: 'removed' | 'locked' | 'pinned';
  /** When the lock ends; null when there is none, or a legal hold without an end. */
  lockedUntil: Date | null;
  /** The bucket keeps what was removed as old versions, so no space is free yet. */
  keepsVersions: boolean;
}

/**
 * Removes a committed backup: first a mark that says so, then the commit, so that it is listed whole or
 * not at all, then the parts, then the mark. Killed anywhere, the next `finishRemoval` does the rest.
 * Throws what the store throws; the mark then stays, unless nothing was removed yet.
 */
export async function removeBackup(
  store: Store,
  at: BackupAddress,
  { clock, observe }: { clock: Clock; observe: Observe },
): Promise<Removal> {
  const commit = await store.head(commitKey(at));
  const found = { lockedUntil: null, keepsVersions: commit?.isVersion === true };
  // Another prune was faster, and does the rest.
  if (commit === null) return { ...found, outcome: 'removed' };
  // A locked backup is left whole. A removal would only hide it behind a delete marker, and once the lock
  // has ended nobody would come back for its versions. Its commit was written, and so is locked, last.
  if (commit.lock) return { ...found, outcome: 'locked', lockedUntil: commit.lock.until };
  await observe({ type: 'step', step: 'mark' });
  try {
    await markForRemoval(store, at, clock);
  } catch (error) {
    // Another prune may have ended with this backup, and taken our mark for its own.
    if ((await store.head(commitKey(at))) !== null) throw error;
    return { ...found, outcome: 'removed' };
  }
  const pin = await readPin(store, at);
  if (pin && pinHolds(pin, clock.now())) {
    await unmark(store, at);
    return { ...found, outcome: 'pinned' };
  }
  await observe({ type: 'step', step: 'remove-commit' });
  try {
    await store.delete([commitKey(at)]);
  } catch (error) {
    // An answer may be lost, too: only what is seen to be whole is no longer being removed.
    const isWhole = (await store.head(commitKey(at)).catch(() => null)) !== null;
    if (isWhole) await unmark(store, at).catch(() => undefined);
    throw error;
  }
  await observe({ type: 'step', step: 'remove-parts' });
  await finishRemoval(store, at);
  return { ...found, outcome: 'removed' };
}

/** Removes what is left of a backup that has a mark and no commit: its parts, its pin, the mark. */
export async function finishRemoval(store: Store, at: BackupAddress): Promise<void> {
  await removeParts(store, at);
  await removePin(store, at);
  await unmark(store, at);
}

/**
 * Removes every object in a backup's own folder, and the uploads that were never ended there.
 *
 * By the folder, not by the manifest: of a damaged backup the manifest may be gone, and whatever lies
 * elsewhere is another's. A later format may let a manifest name parts in the folder of an older backup.
 * A prune that does not know it refuses to run beside such a backup (see `refuseToPrune`), so that what is in a
 * folder today belongs to that one backup.
 */
export async function removeParts(store: Store, at: BackupAddress): Promise<void> {
  await removeFolder(store, backupPrefix(at));
}

/** Removes everything under a prefix, which ends in `/`. */
export async function removeFolder(store: Store, prefix: string): Promise<void> {
  await store.sweep(prefix);
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  await store.delete(keys);
}
