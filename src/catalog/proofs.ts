import type { DrillDigest } from './drillRecord.js';

/** What shows that a backup restores. */
export interface Proof {
  /** Id of the drill. */
  drill: string;
  /** When it ended. */
  at: string;
  /** How long it took. */
  seconds: number;
}

/**
 * What drills say of each backup, by the backup's id: the newest that came to a verdict. One that broke
 * off, for want of room or because its server died, says nothing. `drills` are oldest first.
 */
export function verdictsOf<D extends DrillDigest>(drills: readonly D[]): Map<string, D> {
  const spoke = drills.filter(
    ({ status, checks }) =>
      status === 'passed' || checks.some((check) => check.status === 'failed'),
  );
  return new Map(spoke.map((drill) => [drill.backup, drill]));
}

/** The proof of a backup; null when its last verdict is another, or there is none. */
export function proofOf(verdicts: ReadonlyMap<string, DrillDigest>, backup: string): Proof | null {
  const drill = verdicts.get(backup);
  if (drill?.status !== 'passed') return null;
  return { drill: drill.id, at: drill.finishedAt, seconds: drill.seconds.total };
}
