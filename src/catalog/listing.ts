import pLimit from 'p-limit';
import { buffer } from 'node:stream/consumers';
import { reasonOf, StillpointError } from '../errors.js';
import { backupsPrefix, commitKey, parseBackupId } from '../store/keys.js';
import type { Store } from '../store/store.js';
import type { Cache } from './cache.js';
import { listMarks } from './pruning.js';
import type { BackupRecord } from './records.js';
import { formatOf, openRecord } from './seal.js';

/**
 * Reads at once while listing: a store answers in tens of milliseconds, a listing has a thousand. So many of
 * the newest, and of the others, are also read where all are known.
 */
export const readsAtOnce = 32;

/** A backup whose record says nothing that can be trusted. */
export interface Damage {
  /** Id of the backup, from its folder. */
  id: string;
  message: string;
  /** Whether it was written by a later version of this program, and is only strange to this one. */
  isNewer: boolean;
}

/** What there is of a pair's backups in a store. */
export interface Catalog {
  /** Every committed backup that can be read, oldest first. */
  backups: BackupRecord[];
  damaged: Damage[];
  /** The ids of folders without a commit: backups that run now, that died, or that a dead prune left. */
  uncommitted: string[];
}

/** The ids of a pair's backups, committed or not, oldest first. What is no backup of ours is left out. */
export async function backupIds(
  store: Store,
  pair: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const names = await store.folders(backupsPrefix(pair), signal ? { signal } : {});
  return names.filter((name) => parseBackupId(name) !== null);
}

/**
 * Every committed backup of a pair, oldest first. One whose record is damaged is told to `onDamaged`,
 * so that it does not hide the others.
 */
export async function listBackups(
  store: Store,
  pair: string,
  onDamaged: (line: string) => void = () => undefined,
  cache?: Cache<BackupRecord>,
): Promise<BackupRecord[]> {
  const { backups, damaged } = await readCatalog(store, pair, cache);
  for (const { message } of damaged) onDamaged(message);
  return backups;
}

/**
 * Reads the catalog of a pair. With a cache that is to be believed, a record is taken from it while its
 * backup's folder is there and no prune has begun to remove it. Who removes `backup.json` by hand and leaves
 * the rest is seen later: the newest are always read, and so is a handful of the others. What was read
 * counts from then on.
 */
export async function readCatalog(
  store: Store,
  pair: string,
  cache?: Cache<BackupRecord>,
  isBelieved = true,
): Promise<Catalog> {
  const ids = await backupIds(store, pair);
  const known =
    cache && isBelieved ? await believed(store, pair, ids, cache) : new Map<string, BackupRecord>();
  const limit = pLimit(readsAtOnce);
  const damaged: Damage[] = [];
  const uncommitted: string[] = [];
  const read = async (id: string): Promise<BackupRecord | null> => {
    const found = await readEntry(store, pair, id);
    const record = found && 'record' in found ? found.record : null;
    if (found === null) uncommitted.push(id);
    else if ('damage' in found) damaged.push(found.damage);
    cache?.set(id, record);
    return record;
  };
  const records = await Promise.all(
    ids.map(async (id) => known.get(id) ?? (await limit(() => read(id)))),
  );
  await cache?.keep(new Set(ids));
  damaged.sort((a, b) => (a.id < b.id ? -1 : 1));
  const backups = records.filter((record) => record !== null);
  return { backups, damaged, uncommitted: uncommitted.sort() };
}

async function believed(
  store: Store,
  pair: string,
  ids: readonly string[],
  cache: Cache<BackupRecord>,
): Promise<Map<string, BackupRecord>> {
  const [marks, known] = await Promise.all([listMarks(store, pair), cache.known(ids)]);
  // Every id as likely as another, the oldest too.
  const end = Math.ceil(Math.random() * (ids.length + readsAtOnce));
  const doubtful = new Set([
    ...marks.map(({ id }) => id),
    ...ids.slice(-readsAtOnce),
    ...ids.slice(Math.max(0, end - readsAtOnce), end),
  ]);
  const trusted = new Map<string, BackupRecord>();
  for (const id of ids) {
    const record = known.get(id);
    if (record?.id === id && !doubtful.has(id)) trusted.set(id, record);
  }
  return trusted;
}

/** The record of a backup; null when it was not committed. Throws `verification` when it is damaged. */
export async function readRecord(
  store: Store,
  pair: string,
  id: string,
): Promise<BackupRecord | null> {
  const found = await readEntry(store, pair, id);
  if (found === null || 'record' in found) return found?.record ?? null;
  throw damagedBackup(found.damage);
}

export type Entry = { record: BackupRecord } | { damage: Damage };

/** What the folder of a backup holds: its record, damage, or null where nothing is committed. */
export async function readEntry(
  store: Store,
  pair: string,
  id: string,
  signal?: AbortSignal,
): Promise<Entry | null> {
  const key = commitKey({ pair, id });
  let bytes: Buffer;
  try {
    bytes = await buffer(await store.get(key, signal ? { signal } : {}));
  } catch (error) {
    if (error instanceof StillpointError && error.code === 'no-such-backup') return null;
    throw error;
  }
  const isNewer = formatOf(bytes) > 1;
  try {
    const record = openRecord(bytes);
    // Else a folder that somebody copied would stand for the backup it is a copy of.
    if (record.id !== id) throw new Error(`it is the record of ${record.id}`);
    return { record };
  } catch (error) {
    const why = isNewer ? 'a later version of stillpoint wrote it' : reasonOf(error);
    const message = damaged(id, `${key} cannot be read: ${why}`).message;
    return { damage: { id, message, isNewer } };
  }
}

/** The error of a backup of which something is not what was stored. */
export function damaged(id: string, message: string): StillpointError {
  return damagedBackup({ id, message: `backup ${id} is damaged: ${message}` });
}

function damagedBackup({ id, message }: Pick<Damage, 'id' | 'message'>): StillpointError {
  return new StillpointError('verification', message, {
    hint: `\`stillpoint verify ${id}\` lists everything that is wrong with it.`,
  });
}
