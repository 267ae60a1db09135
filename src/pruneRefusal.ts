import { hostname } from 'node:os';
import { ageOf } from './catalog/uncommitted.js';
import { StillpointError } from './errors.js';
import type { JournalEntry } from './freeze/journal.js';
import type { PrunePlan } from './prunePlan.js';
import { timeText } from './util/text.js';
import { parseBackupId } from './store/keys.js';

/** Seconds after which a run without a commit, of which nothing else is known, is taken for dead. */
const deadAfter = 24 * 3600;

/**
 * Why nothing may be removed now, or null: the newest run failed, or a backup is there that this version
 * does not understand and that may need parts of an older one.
 */
export function refuseToPrune(
  { catalog, decisions }: PrunePlan,
  journal: JournalEntry | null,
  now: Date,
): StillpointError | null {
  const newer = catalog.damaged.find(({ isNewer }) => isNewer);
  if (newer) {
    return new StillpointError(
      'refused',
      `backup ${newer.id} was written by a later version of stillpoint, and may need parts of others`,
      { hint: 'Prune with that version.' },
    );
  }
  const newestGood = decisions.at(-1)?.backup.id ?? '';
  const dead = catalog.uncommitted.findLast(
    (id) => id > newestGood && (isDead(journal, id) || ageOf(id, now) > deadAfter),
  );
  const failed =
    dead ?? (journal !== null && isDead(journal, journal.backupId) ? journal.backupId : '');
  if (failed <= newestGood) return null;
  const began = parseBackupId(failed)?.time.toISOString();
  return new StillpointError(
    'refused',
    `the newest run (${failed}${began ? `, begun ${timeText(began)}` : ''}) ended without a backup, so nothing is removed`,
    {
      hint: 'Take a good backup first: `stillpoint backup`; it also removes what the dead run left.',
    },
  );
}

/** Whether the journal of this machine says that the run of this backup is gone. */
function isDead(journal: JournalEntry | null, id: string): boolean {
  if (journal?.backupId !== id || journal.host !== hostname()) return false;
  try {
    process.kill(journal.pid, 0);
    return false;
  } catch (error) {
    // It runs as another user.
    return !(error instanceof Error && 'code' in error && error.code === 'EPERM');
  }
}
