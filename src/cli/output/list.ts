import type { Pin } from '../../catalog/pins.js';
import type { Proof } from '../../catalog/proofs.js';
import type { BackupRecord } from '../../catalog/records.js';
import { tableText } from './table.js';
import { ageText, bytesText, secondsText, timeText } from './text.js';

/** A backup, what shows that it restores, and what keeps it from being pruned. */
export type Listed = BackupRecord & { proven: Proof | null; pinned: Pin | null };

/** Backups as a table. */
export function listText(records: readonly Listed[]): string {
  // Most stores have no pin, and the line is long.
  const hasPins = records.some(({ pinned }) => pinned !== null);
  const head = ['id', 'pair', 'taken', 'paused', 'took', 'data', 'stored', 'proven'];
  const rows = records.map((record) => [
    record.id,
    record.pair,
    timeText(record.pausedAt),
    secondsText(record.pauseSeconds),
    secondsText(record.seconds),
    bytesText(record.bytes.plain),
    bytesText(record.bytes.stored),
    record.proven === null ? '-' : provenText(record.proven),
    ...(hasPins ? [pinnedText(record.pinned)] : []),
  ]);
  const numbers = ['paused', 'took', 'data', 'stored'];
  return tableText(hasPins ? [...head, 'pinned'] : head, rows, numbers);
}

/** `2 days ago in 4 min 10 s`. */
function provenText({ at, seconds }: Proof): string {
  return `${ageText(at, new Date())} in ${secondsText(seconds)}`;
}

/** `until 2026-12-01`. */
function pinnedText(pinned: Pin | null): string {
  if (pinned === null) return '-';
  return pinned.until === null ? 'yes' : `until ${timeText(pinned.until).slice(0, 10)}`;
}
