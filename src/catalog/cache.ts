import { createHash } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { writeAtomic } from '../util/atomicFile.js';
import type { DrillDigest } from './drillRecord.js';
import type { BackupRecord } from './records.js';

/**
 * What was once read from a store, by key, in a file of this machine: 5,000 records are 5,000 requests.
 * Whoever uses it decides what of it to believe; of a damaged or a stranger's file nothing is taken.
 */
export interface Cache<T> {
  /** What is known of these keys; null where there was nothing to read. */
  known(keys: readonly string[]): Promise<ReadonlyMap<string, T | null>>;
  set(key: string, value: T | null): void;
  /** Writes what was set down. `keys` are those that may still be asked for. Never throws: the next time is only slower. */
  keep(keys: ReadonlySet<string>): Promise<void>;
}

/** What is known of one pair. */
export interface CatalogCache {
  /** By the backup's id. */
  backups: Cache<BackupRecord>;
  /** By the record's key and version (`drillVersions`). */
  drills: Cache<DrillDigest>;
}

/**
 * Reads a cache file. `of` says what is in it and who wrote it, like the store's address and the
 * program's version: a file of anything else counts as none.
 */
export async function openCache<T>(path: string, of: string): Promise<Cache<T>> {
  const found = await readEntries<T>(path, of).catch(() => null);
  const entries = found ?? new Map<string, T | null>();
  const fresh = new Set<string>();
  return {
    known: () => Promise.resolve(entries),
    set(key, value) {
      if (JSON.stringify(entries.get(key)) === JSON.stringify(value)) return;
      entries.set(key, value);
      fresh.add(key);
    },
    async keep(keys) {
      const linesOf = (chosen: Iterable<string>) =>
        [...chosen].map((key) => lineOf(key, entries.get(key))).join('');
      const current = [...entries.keys()].filter((key) => keys.has(key));
      // Lines of what is gone are harmless, and are left there until they are the most.
      const isStale = found === null || current.length < entries.size / 2;
      try {
        if (isStale) await writeAtomic(path, `${JSON.stringify(of)}\n${linesOf(current)}`);
        else if (fresh.size > 0) await appendFile(path, linesOf(fresh), { mode: 0o600 });
      } catch {
        return;
      }
      fresh.clear();
    },
  };
}

// The first line tells what the file is of. Each other is the start of a SHA-256 and what it is the sum of:
// a key and its value. The last line for a key counts, a torn or a changed one does not.

async function readEntries<T>(path: string, of: string): Promise<Map<string, T | null> | null> {
  const bytes = await readFile(path);
  const headEnd = bytes.indexOf('\n');
  if (bytes.toString('utf8', 0, headEnd) !== JSON.stringify(of)) return null;
  const entries = new Map<string, T | null>();
  // Line by line: the whole as one text would double the memory of a large listing.
  for (let start = headEnd + 1; start < bytes.length;) {
    const found = bytes.indexOf('\n', start);
    const end = found === -1 ? bytes.length : found;
    const sum = bytes.toString('latin1', start, start + sumLength);
    const text = bytes.subarray(start + sumLength, end);
    if (sum === sumOf(text)) {
      const [key, value] = JSON.parse(text.toString('utf8')) as [string, T | null];
      entries.set(key, value);
    }
    start = end + 1;
  }
  return entries;
}

const sumLength = 16;

function lineOf(key: string, value: unknown): string {
  const text = JSON.stringify([key, value]);
  return `${sumOf(text)}${text}\n`;
}

function sumOf(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex').slice(0, sumLength);
}
