import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { reasonOf } from '../errors.js';
import { commitKey, manifestKey, parseBackupId, slugOf } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { manifestSchema, type BackupRecord, type Manifest } from './records.js';
import { requireParts } from './requireParts.js';
import { backupIds, damaged, readRecord } from './listing.js';
import { removeParts } from './remove.js';
import { sealRecord } from './seal.js';
import { unzstd, zstd } from './zstd.js';

export { listBackups } from './listing.js';

/** A backup by its id, by `latest`, or by a label (the newest that has it); null when there is none. */
export async function findBackup(
  store: Store,
  pair: string,
  which: string,
): Promise<BackupRecord | null> {
  const ids = (await backupIds(store, pair)).reverse();
  const candidates = ids.includes(which)
    ? [which]
    : ids.filter((id) => which === 'latest' || parseBackupId(id)?.label === slugOf(which));
  for (const id of candidates) {
    const record = await readRecord(store, pair, id);
    if (record && (id === which || which === 'latest' || record.label === which)) return record;
  }
  return null;
}

/** The manifest of a backup, checked against the size and SHA-256 in its commit. */
export async function readManifest(store: Store, record: BackupRecord): Promise<Manifest> {
  const { key, sha256 } = record.manifest;
  const stored = await buffer(await store.get(key));
  if (createHash('sha256').update(stored).digest('hex') !== sha256) {
    throw damaged(record.id, `${key} is not what was stored (SHA-256 differs)`);
  }
  try {
    return manifestSchema.parse(JSON.parse((await unzstd(stored)).toString('utf8')));
  } catch (error) {
    throw damaged(record.id, `${key} cannot be read: ${reasonOf(error)}`);
  }
}

/** Stores the manifest, once the store has all parts, and returns what the commit says of it. */
export async function writeManifest(
  store: Store,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<BackupRecord['manifest']> {
  await requireParts(store, manifest, signal);
  return await putFile(
    store,
    manifestKey(manifest),
    await zstd(Buffer.from(JSON.stringify(manifest))),
  );
}

/** Stores a small file and returns what the commit says of it. */
export async function putFile(
  store: Store,
  key: string,
  body: Buffer,
): Promise<BackupRecord['manifest']> {
  await store.put(key, body);
  return { key, bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') };
}

/** Commits a backup: from now on it is listed. */
export async function commit(store: Store, record: BackupRecord): Promise<void> {
  await store.put(commitKey(record), Buffer.from(sealRecord(record)), { ifAbsent: true });
}

/** Removes everything of a backup that was never committed. */
export async function sweepBackup(store: Store, pair: string, id: string): Promise<void> {
  if ((await store.head(commitKey({ pair, id }))) !== null) return;
  await removeParts(store, { pair, id });
}
