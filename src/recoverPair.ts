import { sweepBackup, uncommitted } from './catalog/catalog.js';
import { recover } from './freeze/recover.js';
import type { JournalEntry } from './freeze/journal.js';
import type { Run } from './openRun.js';
import { parseBackupId } from './store/keys.js';

/** An uncommitted backup that no journal of this machine names is removed once it is this old. */
const abandonedAfterMs = 24 * 3600 * 1000;

/**
 * Puts right what a dead run of this pair left: its channels run again, its objects are removed. Call
 * it under the lock. Returns the dead run's entry, or null.
 */
export async function recoverPair(
  run: Pick<Run, 'replica' | 'journal' | 'place' | 'name'>,
): Promise<JournalEntry | null> {
  const entry = await recover(run.replica, run.journal);
  if (entry) await run.journal.write({ ...entry, phase: 'stored' });
  for (const id of await uncommitted(run.place, run.name)) {
    const age = Date.now() - (parseBackupId(id)?.time.getTime() ?? Date.now());
    if (id === entry?.backupId || age > abandonedAfterMs)
      await sweepBackup(run.place, run.name, id);
  }
  if (entry) await run.journal.close();
  return entry;
}
