import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { reasonOf, StillpointError } from '../errors.js';
import { backupPrefix, backupsPrefix, commitKey, manifestKey } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { manifestSchema, type BackupRecord, type Manifest } from './records.js';
import { openRecord, sealRecord } from './seal.js';
import { unzstd, zstd } from './zstd.js';
import pLimit from 'p-limit';

/** Reads at once while listing: a store answers in tens of milliseconds, a listing has a thousand. */
const readsAtOnce = 32;

/**
 * Every committed backup of a pair, oldest first. One whose record is damaged is told to `onDamaged`,
 * so that it does not hide the others.
 */
export async function listBackups(
  store: Store,
  pair: string,
  onDamaged: (line: string) => void = () => undefined,
): Promise<BackupRecord[]> {
  const ids = await store.folders(backupsPrefix(pair));
  const limit = pLimit(readsAtOnce);
  const readable = async (id: string) =>
    await readRecord(store, pair, id).catch((error: unknown) => {
      if (!(error instanceof StillpointError) || error.code !== 'verification') throw error;
      onDamaged(error.message);
      return null;
    });
  const records = await Promise.all(ids.map((id) => limit(() => readable(id))));
  return records.filter((record) => record !== null);
}

/**
 * A backup by its id, by `latest`, or by a label (the newest that has it). Throws `no-such-backup`.
 */
export async function findBackup(store: Store, pair: string, which: string): Promise<BackupRecord> {
  const ids = (await store.folders(backupsPrefix(pair))).reverse();
  const candidates = ids.includes(which) ? [which] : ids;
  for (const id of candidates) {
    const record = await readRecord(store, pair, id);
    if (record && (id === which || which === 'latest' || record.label === which)) return record;
  }
  throw new StillpointError(
    'no-such-backup',
    `no backup "${which}" of pair ${pair} in ${store.url}`,
    {
      hint: '`stillpoint list` shows what there is.',
    },
  );
}

/** The ids of folders that hold no commit: backups that run now, or that died. */
export async function uncommitted(store: Store, pair: string): Promise<string[]> {
  const ids = await store.folders(backupsPrefix(pair));
  const limit = pLimit(readsAtOnce);
  const heads = await Promise.all(
    ids.map((id) =>
      limit(async () => (await store.head(`${backupsPrefix(pair)}${id}/backup.json`)) === null),
    ),
  );
  return ids.filter((_, i) => heads[i]);
}

/** The manifest of a backup, checked against the size and SHA-256 in its commit. */
export async function readManifest(store: Store, record: BackupRecord): Promise<Manifest> {
  const { key, sha256 } = record.manifest;
  const stored = await readAll(await store.get(key));
  if (createHash('sha256').update(stored).digest('hex') !== sha256) {
    throw damaged(record.id, `${key} is not what was stored (SHA-256 differs)`);
  }
  try {
    return manifestSchema.parse(JSON.parse((await unzstd(stored)).toString('utf8')));
  } catch (error) {
    throw damaged(record.id, `${key} cannot be read: ${reasonOf(error)}`);
  }
}

/** Stores the manifest and returns what the commit says of it. */
export async function writeManifest(
  store: Store,
  manifest: Manifest,
): Promise<BackupRecord['manifest']> {
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
  const prefix = backupPrefix({ pair, id });
  if ((await store.head(commitKey({ pair, id }))) !== null) return;
  await store.sweep(prefix);
  const keys: string[] = [];
  for await (const object of store.list(prefix)) keys.push(object.key);
  await store.delete(keys);
}

async function readRecord(store: Store, pair: string, id: string): Promise<BackupRecord | null> {
  const key = `${backupsPrefix(pair)}${id}/backup.json`;
  try {
    return openRecord(await readAll(await store.get(key)));
  } catch (error) {
    if (error instanceof StillpointError && error.code === 'no-such-backup') return null;
    if (error instanceof StillpointError) throw error;
    throw damaged(id, `${key} cannot be read: ${reasonOf(error)}`);
  }
}

async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function damaged(id: string, message: string): StillpointError {
  return new StillpointError('verification', `backup ${id} is damaged: ${message}`, {
    hint: `\`stillpoint verify ${id}\` lists everything that is wrong with it.`,
  });
}
