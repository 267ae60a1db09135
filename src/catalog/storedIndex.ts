import { createHash } from 'node:crypto';
import { z } from 'zod';
import { bytesOf } from '../store/body.js';
import { indexKey } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { drillDigestSchema, type DrillDigest } from './drillRecord.js';
import { backupRecordSchema, type BackupRecord } from './records.js';
import { unzstd, zstd } from './zstd.js';

// `index.jsonl.zst`: a line that tells what it is of, then a line for each backup and drill. So that a machine
// which has read nothing yet reads one object and not thousands. See docs/adr/0008-an-index-in-the-store.md.

/** What the index of a pair says. It is never the truth: whoever uses it decides what to believe. */
export interface StoredIndex {
  /** By the backup's id. */
  backups: ReadonlyMap<string, BackupRecord>;
  /** By the record's key and version (`drillVersions`). */
  drills: ReadonlyMap<string, DrillDigest>;
}

/** Bytes of the longest index, as text: that of some fifty thousand backups. A longer one counts as none. */
const longest = 64 << 20;

const drillLine = z.object({ drill: drillDigestSchema, version: z.string() });

/**
 * Reads the index of a pair. One that is not there, is damaged, of another pair or of a version that keeps
 * other fields has nothing in it, and neither has a line that is none of ours. Never throws.
 */
export async function readIndex(
  store: Store,
  pair: string,
  signal?: AbortSignal,
): Promise<StoredIndex> {
  try {
    const stored = await store.get(indexKey(pair), signal ? { signal } : {});
    return entriesOf(await unzstd(await bytesOf(stored, longest), longest), pair);
  } catch {
    return { backups: new Map(), drills: new Map() };
  }
}

/** Stores the index of a pair in place of the one that may be there. Throws what the store throws. */
export async function writeIndex(
  store: Store,
  pair: string,
  { backups, drills }: StoredIndex,
  signal?: AbortSignal,
): Promise<void> {
  const lines = [
    headOf(pair),
    ...[...backups.values()].map((backup) => JSON.stringify({ backup })).sort(),
    ...[...drills].map(([version, drill]) => JSON.stringify({ version, drill })).sort(),
  ];
  const plain = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  if (plain.length > longest) return;
  await store.put(indexKey(pair), await zstd(plain), signal ? { signal } : {});
}

function entriesOf(plain: Buffer, pair: string): StoredIndex {
  const backups = new Map<string, BackupRecord>();
  const drills = new Map<string, DrillDigest>();
  const lines = linesOf(plain);
  if (lines.next().value !== headOf(pair)) return { backups, drills };
  for (const line of lines) {
    const entry = parsed(line);
    if (entry === null || typeof entry !== 'object') continue;
    if ('backup' in entry) {
      const backup = backupRecordSchema.safeParse(entry.backup).data;
      if (backup) backups.set(backup.id, backup);
    } else {
      const drill = drillLine.safeParse(entry).data;
      if (drill) drills.set(drill.version, drill.drill);
    }
  }
  return { backups, drills };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** Line by line: the whole as one text would double the memory of a large listing. */
function* linesOf(plain: Buffer): Generator<string> {
  for (let start = 0; start < plain.length;) {
    const found = plain.indexOf('\n', start);
    const end = found === -1 ? plain.length : found;
    yield plain.toString('utf8', start, end);
    start = end + 1;
  }
}

/** With the shape of what is kept, since another version may keep other fields of a record. */
function headOf(pair: string): string {
  const shapes = [backupRecordSchema, drillDigestSchema].map((schema) => z.toJSONSchema(schema));
  const shape = createHash('sha256').update(JSON.stringify(shapes)).digest('hex').slice(0, 12);
  return JSON.stringify({ format: 1, shape, pair });
}
