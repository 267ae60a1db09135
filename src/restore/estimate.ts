import type { DrillRecord } from '../catalog/drillRecord.js';

/**
 * About how many seconds a restore of so many bytes of SQL takes, as the newest drill that passed has
 * measured it: reading from the store and loading. Null when none has.
 */
export function estimateSeconds(
  plainBytes: number,
  drills: readonly Pick<DrillRecord, 'status' | 'bytes' | 'seconds'>[],
): number | null {
  const drill = drills.findLast(({ status, bytes }) => status === 'passed' && bytes.plain > 0);
  if (!drill) return null;
  const { download, restore } = drill.seconds;
  return Math.round((plainBytes / drill.bytes.plain) * (download + restore) * 10) / 10;
}
