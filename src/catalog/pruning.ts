import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { reasonOf, StillpointError } from '../errors.js';
import { idOfKey, pruningKey, pruningPrefix, type BackupAddress } from '../store/keys.js';
import type { Store } from '../store/store.js';
import type { Clock } from '../util/clock.js';

// `pruning/<backup id>.json`: a prune has begun to remove this backup. Without it nobody could tell the
// parts that a dead prune left from those of a backup that runs now: neither has a commit.

/** A removal that began and was not seen to end. */
export interface Mark {
  id: string;
  /** When it began, by the store's clock. */
  at: Date;
}

/** Marks a backup as being removed. */
export async function markForRemoval(store: Store, at: BackupAddress, clock: Clock): Promise<void> {
  const mark = { format: 1, backup: at.id, at: clock.now().toISOString(), host: hostname() };
  await store.put(pruningKey(at), Buffer.from(`${JSON.stringify(mark, null, 2)}\n`));
}

/**
 * Writes and removes an object, to see that these credentials may, before anything is half removed.
 * Answers with the time by the store's clock.
 */
export async function tryRemoval(store: Store, pair: string): Promise<Date> {
  // Of two prunes at once each has its own.
  const key = `${pruningPrefix(pair)}try-${randomBytes(4).toString('hex')}`;
  await store.put(key, Buffer.from('written to see whether it can be removed\n'));
  const found = await store.head(key);
  try {
    await store.delete([key]);
  } catch (error) {
    throw new StillpointError('failed', `prune may not remove anything: ${reasonOf(error)}`, {
      hint: 'Give it credentials that may: retention.profile, or the environment of the host that prunes. See docs/retention.md.',
      cause: error,
    });
  }
  return found?.modified ?? new Date();
}

/** Takes a mark away again. */
export async function unmark(store: Store, at: BackupAddress): Promise<void> {
  await store.delete([pruningKey(at)]);
}

/** What prunes have begun to remove, oldest first. */
export async function listMarks(store: Store, pair: string): Promise<Mark[]> {
  const prefix = pruningPrefix(pair);
  const marks: Mark[] = [];
  for await (const { key, modified } of store.list(prefix)) {
    const id = idOfKey(prefix, key);
    if (id !== null) marks.push({ id, at: modified });
  }
  return marks;
}
