import type { BackupRecord } from '../catalog/records.js';
import { secondsSpan } from '../util/span.js';
import { bytesText } from '../util/text.js';
import type { Evidence } from './evidence.js';

/** How many earlier backups the size is compared with. */
const compared = 5;
/** What is smaller than this part of them looks as if something were missing. */
const suspicious = 0.5;

/**
 * Compares the size with that of the backups before it. Data may shrink for good reasons, so a small
 * one is a warning.
 */
export function checkSize(
  backup: BackupRecord,
  all: readonly BackupRecord[],
  evidence: Evidence,
): void {
  const earlier = all
    .filter(({ id }) => id < backup.id)
    .slice(-compared)
    .map(({ bytes }) => bytes.plain)
    .sort((a, b) => a - b);
  const usual = earlier[Math.floor(earlier.length / 2)];
  const size = `${bytesText(backup.bytes.plain)} of SQL`;
  if (usual === undefined) {
    evidence.passed('size', `${size}; there is no earlier backup to compare it with`);
    return;
  }
  const detail = `${size}; the ${earlier.length === 1 ? 'backup' : `${earlier.length} backups`} before: ${bytesText(usual)}`;
  if (backup.bytes.plain < usual * suspicious) {
    evidence.warned('size', `${detail}. It shrank by half or more: is something missing?`);
  } else evidence.passed('size', detail);
}

/** Checks that the backup is not older than allowed, in seconds. */
export function checkAge(
  backup: BackupRecord,
  maxAge: number,
  now: Date,
  evidence: Evidence,
): void {
  const age = Math.round((now.getTime() - Date.parse(backup.pausedAt)) / 1000);
  const detail = `the backup is ${secondsSpan(age)} old`;
  if (age <= maxAge) evidence.passed('age', detail);
  else evidence.failed('age', `${detail}; allowed are ${secondsSpan(maxAge)} (drill.maxAge)`);
}
