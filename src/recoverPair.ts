import { putBack } from './drain.js';
import { sweepBackup } from './catalog/catalog.js';
import { ageOf, uncommitted } from './catalog/uncommitted.js';
import { reasonOf } from './errors.js';
import { recover } from './freeze/recover.js';
import type { JournalEntry } from './freeze/journal.js';
import type { Run } from './openRun.js';

/**
 * Seconds. An uncommitted backup that no journal of this machine names is removed once it is so old, and
 * looked for until it is much older: nobody wants to wait for a look at every backup of ten years.
 */
const abandoned = { after: 24 * 3600, until: 31 * 24 * 3600 };

/** What is put right. */
type Recovering = Pick<Run, 'replica' | 'journal' | 'place' | 'name' | 'pair'> &
  Partial<Pick<Run, 'others'>>;

/**
 * Puts right what a dead run of this pair left: its channels run again, it takes writes again and is back in
 * its proxy, its objects are removed; also those of a run on another replica that has been resumed. Call it
 * under the lock. What cannot be removed is told to `onLeft` and left for `prune`: a backup host may well be
 * forbidden to delete. Returns the dead run's entry, or null.
 */
export async function recoverPair(
  run: Recovering,
  onLeft: (line: string) => void | Promise<void>,
): Promise<JournalEntry | null> {
  const { place, name, others = [] } = run;
  const entry = await recover(run.replica, run.journal);
  if (entry) {
    await run.journal.write({ ...entry, phase: 'stored' });
    await putBack(run);
  }
  const left = entry ? [{ journal: run.journal, id: entry.backupId }] : [];
  for (const journal of others) {
    const other = await journal.read();
    if (other?.phase === 'stored') left.push({ journal, id: other.backupId });
  }
  const now = new Date();
  const isWanted = (id: string) => {
    const age = ageOf(id, now);
    const isOld = age > abandoned.after && age < abandoned.until;
    return isOld || left.some((dead) => dead.id === id);
  };
  let isClean = true;
  for (const id of await uncommitted(place, name, isWanted)) {
    try {
      await sweepBackup(place, name, id);
    } catch (error) {
      isClean = false;
      await onLeft(`what the dead run ${id} stored is still there: ${reasonOf(error)}`);
    }
  }
  if (isClean) for (const { journal } of left) await journal.close();
  return entry;
}
