import type { PrunedBackup, PruneResult } from '../../prune.js';
import { stdoutColours } from './colours.js';
import { tableText } from './table.js';
import { bytesText, countText, nameText, timeText } from './text.js';

const marks = {
  kept: 'stays',
  removed: stdoutColours.red('goes'),
  locked: stdoutColours.yellow('locked'),
  pinned: 'stays',
};

/** For every backup why it stays or goes. */
export function planText({ backups, pair, store }: PruneResult): string {
  if (backups.length === 0) return `no backups of ${pair} in ${store} yet`;
  const rows = backups.map((backup) => [
    backup.id,
    timeText(backup.pausedAt),
    bytesText(backup.stored),
    marks[backup.outcome],
    whyText(backup),
  ]);
  return tableText(['id', 'taken', 'stored', '', 'why'], rows, ['stored']);
}

function whyText({ outcome, lockedUntil, reasons }: PrunedBackup): string {
  const why = nameText(reasons.join('; '));
  if (outcome === 'locked')
    return lockedUntil === null
      ? `still locked by a legal hold; else it would go: ${why}`
      : `still locked until ${timeText(lockedUntil)}; then it goes: ${why}`;
  return why;
}

/** What was done, or would be, as lines. */
export function outcomeText(result: PruneResult): string {
  const { status, removed, locked, kept, bytes, swept, pair } = result;
  const isPlan = status === 'planned';
  const lines = [
    removed === 0
      ? `nothing to remove of ${pair}: ${backupsText(kept)} stay`
      : `${isPlan ? 'would remove' : 'removed'} ${backupsText(removed)} of ${pair} (${bytesText(bytes)} stored), ${countText(kept)} stay`,
  ];
  if (locked > 0)
    lines.push(
      `  locked    ${backupsText(locked)} by Object Lock; a prune after the lock has ended removes them`,
    );
  const pinned = result.backups.filter(({ outcome }) => outcome === 'pinned');
  if (pinned.length > 0)
    lines.push(`  pinned    meanwhile, so it stays: ${pinned.map(({ id }) => id).join(', ')}`);
  if (result.keepsVersions)
    lines.push(
      '  space     none is free yet: the bucket keeps old versions, until a lifecycle rule ends them',
    );
  if (swept.length > 0)
    lines.push(`  leftover  of runs and prunes that died, removed: ${swept.join(', ')}`);
  return lines.join('\n');
}

/** `remove 12 backups (3.1 GB stored) of shop from s3://backups for good`. */
export function questionText({ removed, bytes, pair, store }: PruneResult): string {
  return `remove ${backupsText(removed)} (${bytesText(bytes)} stored) of ${pair} from ${store} for good`;
}

function backupsText(count: number): string {
  return count === 1 ? '1 backup' : `${countText(count)} backups`;
}
