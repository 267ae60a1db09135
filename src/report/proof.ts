import type { DrillRecord } from '../catalog/drillRecord.js';
import { verdictsOf } from '../catalog/proofs.js';
import type { BackupRecord } from '../catalog/records.js';

/** What drills say of a backup: the newest one that came to a verdict counts. */
export interface Proof {
  backup: BackupRecord;
  state: 'proven' | 'failed' | 'unproven';
  drill: DrillRecord | null;
}

/** One for each backup, in their order. `drills` are oldest first. */
export function proofsOf(
  backups: readonly BackupRecord[],
  drills: readonly DrillRecord[],
): Proof[] {
  const verdicts = verdictsOf(drills);
  return backups.map((backup) => {
    const drill = verdicts.get(backup.id) ?? null;
    if (drill === null) return { backup, state: 'unproven', drill };
    return { backup, state: drill.status === 'passed' ? 'proven' : 'failed', drill };
  });
}

/** How many there are of each state. */
export function countStates(proofs: readonly Proof[]): Record<Proof['state'], number> {
  const counts = { proven: 0, failed: 0, unproven: 0 };
  for (const { state } of proofs) counts[state]++;
  return counts;
}
