import { listMarks, markForRemoval, unmark } from './catalog/pruning.js';
import { pinHolds, removePin } from './catalog/pins.js';
import { finishRemoval, removeFolder } from './catalog/remove.js';
import { ageOf, lastWrite } from './catalog/uncommitted.js';
import type { PrunePlan } from './prunePlan.js';
import { backupPrefix, commitKey } from './store/keys.js';
import { probePrefix } from './store/probe.js';
import type { Store } from './store/store.js';
import type { Clock } from './util/clock.js';

/** Seconds that nothing was written to a run without a commit before it is garbage. No run pauses so long. */
const abandonedAfter = 7 * 86_400;
/** Seconds that no probe lasts. */
const probeLasts = 86_400;
/** Seconds after which the mark on a backup that stays is a dead prune's. */
const markHolds = 86_400;

/**
 * Removes what is garbage for sure: what an earlier prune began to remove, what runs that died long ago
 * had stored, pins of backups that are gone. A run that goes on has no commit either; it is told from
 * garbage by the mark that a prune leaves before it removes anything, and by its last write, both by the
 * store's own clock (`storeNow`). Answers with the ids.
 */
export async function sweepStore(
  store: Store,
  pair: string,
  { catalog, pins, decisions }: PrunePlan,
  { storeNow, clock }: { storeNow: Date; clock: Clock },
): Promise<string[]> {
  const committed = new Set([
    ...catalog.backups.map(({ id }) => id),
    ...catalog.damaged.map(({ id }) => id),
  ]);
  const kept = new Set(decisions.filter(({ keep }) => keep).map(({ backup }) => backup.id));
  const isGone = async (id: string) =>
    !committed.has(id) && (await store.head(commitKey({ pair, id }))) === null;
  const swept: string[] = [];

  for (const { id, at } of await listMarks(store, pair)) {
    if (await isGone(id)) {
      await finishRemoval(store, { pair, id });
      swept.push(id);
    } else if (kept.has(id) && secondsFrom(at, storeNow) > markHolds) {
      await unmark(store, { pair, id });
    }
  }
  for (const id of catalog.uncommitted) {
    if (swept.includes(id) || ageOf(id, storeNow) < abandonedAfter) continue;
    const last = await lastWrite(store, backupPrefix({ pair, id }));
    if (last === null || secondsFrom(last, storeNow) < abandonedAfter) continue;
    await markForRemoval(store, { pair, id }, clock);
    if (!(await isGone(id))) continue;
    await finishRemoval(store, { pair, id });
    swept.push(id);
  }
  for (const [id, pin] of pins) {
    const isThere = committed.has(id) || catalog.uncommitted.includes(id);
    if (!isThere && !pinHolds(pin, clock.now())) await removePin(store, { pair, id });
  }
  await sweepProbes(store, storeNow);
  return swept;
}

/** What `doctor` could not remove again, since its credentials may not. */
async function sweepProbes(store: Store, storeNow: Date): Promise<void> {
  const folders = (await store.folders('')).filter((name) => name.startsWith(probePrefix));
  for (const folder of folders) {
    const last = await lastWrite(store, `${folder}/`);
    if (last && secondsFrom(last, storeNow) > probeLasts) await removeFolder(store, `${folder}/`);
  }
}

function secondsFrom(earlier: Date, later: Date): number {
  return (later.getTime() - earlier.getTime()) / 1000;
}
