import { createHash } from 'node:crypto';
import { backupRecordSchema, type BackupRecord } from './records.js';

/** The text of `backup.json`: the record, and as its last field the SHA-256 of all before it. */
export function sealRecord(record: BackupRecord): string {
  return write({ ...record, sha256: sumOf(record) });
}

/**
 * Reads `backup.json`. Throws when a byte of it was changed: the text must be what the record itself
 * would be written as, and its sum must fit. Fields of a later version are allowed and left out.
 */
export function openRecord(bytes: Buffer): BackupRecord {
  // Bytes that are no UTF-8 would all read as the same character. A byte order mark is one too many.
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const raw = JSON.parse(text) as Record<string, unknown>;
  const { sha256, ...rest } = raw;
  if (write(raw) !== text || sha256 !== sumOf(rest)) throw new Error('its SHA-256 does not fit');
  return backupRecordSchema.parse(rest);
}

/** The format that a record claims to be of, whether or not it can be read; 0 when it claims none. */
export function formatOf(bytes: Buffer): number {
  try {
    const { format } = JSON.parse(bytes.toString('utf8')) as { format?: unknown };
    return typeof format === 'number' ? format : 0;
  } catch {
    return 0;
  }
}

function sumOf(record: object): string {
  return createHash('sha256').update(JSON.stringify(record)).digest('hex');
}

function write(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
