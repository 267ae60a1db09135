import { createHash, randomBytes } from 'node:crypto';
import { StillpointError } from '../errors.js';
import type { Clock } from '../util/clock.js';

/** Names one backup: the pair's name as the configuration has it, and the backup's id. */
export interface BackupAddress {
  pair: string;
  id: string;
}

/** What a backup id says about itself. `time` is UTC, to the second. */
export interface BackupIdParts {
  time: Date;
  label: string;
  random: string;
}

// Leaves room in the 255 bytes of a file name for `.<n>.sql.zst.age`.
const longestSegment = 180;
const longestLabel = 40;

/**
 * Any database, table or pair name as one path segment of `a-z 0-9 _ - ~`.
 *
 * Lower-case letters, digits, `_` and `-` stay as they are, a capital is `~` and its lower-case
 * letter, every other byte of the UTF-8 form is `~` and three decimal digits. So no two names meet,
 * not even on a file system that ignores case, and a segment holds no `.`: what follows the first
 * dot of a key is ours. A name too long for a file system keeps its start, followed by `~~` (which
 * no other encoding holds) and half of its SHA-256. Names are read back from the manifest only.
 */
export function encodeName(name: string): string {
  let encoded = '';
  for (const byte of Buffer.from(name, 'utf8')) {
    const char = String.fromCharCode(byte);
    if (/[a-z0-9_]/.test(char) || (char === '-' && encoded !== '')) encoded += char;
    else if (/[A-Z]/.test(char)) encoded += `~${char.toLowerCase()}`;
    else encoded += `~${String(byte).padStart(3, '0')}`;
  }
  if (encoded === '') return '~';
  if (encoded.length <= longestSegment) return encoded;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 32);
  const start = encoded.slice(0, longestSegment - hash.length - 2).replace(/~[a-z0-9]{0,2}$/, '');
  return `${start}~~${hash}`;
}

/** A new id, `20261122T023000Z-<label>-<6 hex>`: sorts by time, and two of one second differ. */
export function newBackupId(clock: Clock, label: string): string {
  const time = clock
    .now()
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:]/g, '');
  return `${time}-${slugOf(label)}-${randomBytes(3).toString('hex')}`;
}

/** The label as it stands in an id: lower-case letters and digits joined by single dashes. */
export function slugOf(label: string): string {
  const words = label.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return words.replace(/^-+/, '').slice(0, longestLabel).replace(/-+$/, '') || 'backup';
}

/** Takes an id apart, or answers null when it is none. */
export function parseBackupId(id: string): BackupIdParts | null {
  const match =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-([a-z0-9]+(?:-[a-z0-9]+)*)-([0-9a-f]{6})$/.exec(id);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, label = '', random = ''] = match;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const same =
    !Number.isNaN(time.getTime()) && time.toISOString().startsWith(`${year}-${month}-${day}T`);
  return same ? { time, label, random } : null;
}

/** The folder of all backups of a pair; ends in `/`. `Store.folders` of it answers their ids. */
export const backupsPrefix = (pair: string): string => `${encodeName(pair)}/backups/`;

/** The folder of one backup; ends in `/`. Throws `usage` when the id is none. */
export function backupPrefix({ pair, id }: BackupAddress): string {
  return `${backupsPrefix(pair)}${checkedId(id)}/`;
}

/** The commit record, written last. */
export const commitKey = (at: BackupAddress): string => `${backupPrefix(at)}backup.json`;
export const manifestKey = (at: BackupAddress): string => `${backupPrefix(at)}manifest.json.zst`;
export const restoreScriptKey = (at: BackupAddress): string => `${backupPrefix(at)}restore.sh`;

/** What the parts' names end in. */
export interface PartForm {
  encrypted: boolean;
}

function countOf({ number }: { number: number }): string {
  return number === 1 ? '' : `.${number}`;
}

/** The tables of a database; `number` counts from 1, since very many tables do not fit one command. */
export const schemaKey = (
  at: BackupAddress,
  database: string,
  form: PartForm & { number: number },
): string => {
  return `${backupPrefix(at)}schema/${encodeName(database)}${countOf(form)}${endingOf(form)}`;
};

export const viewsKey = (at: BackupAddress, database: string, form: PartForm): string =>
  `${backupPrefix(at)}views/${encodeName(database)}${endingOf(form)}`;

export const objectsKey = (at: BackupAddress, database: string, form: PartForm): string =>
  `${backupPrefix(at)}objects/${encodeName(database)}${endingOf(form)}`;

export const accountsKey = (at: BackupAddress, form: PartForm): string =>
  `${backupPrefix(at)}accounts${endingOf(form)}`;

/** The rows of one table; `number` counts from 1, since a large one has several parts. */
export function dataKey(
  at: BackupAddress,
  database: string,
  table: string,
  form: PartForm & { number: number },
): string {
  return `${dataFolder(at, database)}${encodeName(table)}${countOf(form)}${endingOf(form)}`;
}

/** The rows of several small tables of one database; `~~` keeps it apart from every table's name. */
export const sharedDataKey = (
  at: BackupAddress,
  database: string,
  form: PartForm & { number: number },
): string => `${dataFolder(at, database)}~~shared.${form.number}${endingOf(form)}`;

/** The folder of all drill records of a pair; ends in `/`. */
export const drillsPrefix = (pair: string): string => `${encodeName(pair)}/drills/`;
export const drillKey = (pair: string, id: string): string =>
  `${drillsPrefix(pair)}${checkedId(id)}.json`;

/** The folder of what `pair promote` has done; ends in `/`. */
export const promotionsPrefix = (pair: string): string => `${encodeName(pair)}/promotions/`;
export const promotionKey = (pair: string, id: string): string =>
  `${promotionsPrefix(pair)}${checkedId(id)}.json`;

/** The folder of what `pair rejoin` has saved once; ends in `/`. */
export const rescuePrefix = (pair: string, id: string): string =>
  `${encodeName(pair)}/rescued/${checkedId(id)}/`;

/** What is known of a pair's backups and drills in one object; only ever a cache. */
export const indexKey = (pair: string): string => `${encodeName(pair)}/index.jsonl.zst`;

/** The folder of all pins of a pair; ends in `/`. */
export const pinsPrefix = (pair: string): string => `${encodeName(pair)}/pins/`;
export const pinKey = ({ pair, id }: BackupAddress): string =>
  `${pinsPrefix(pair)}${checkedId(id)}.json`;

/** The folder of what a prune is removing; ends in `/`. */
export const pruningPrefix = (pair: string): string => `${encodeName(pair)}/pruning/`;
export const pruningKey = ({ pair, id }: BackupAddress): string =>
  `${pruningPrefix(pair)}${checkedId(id)}.json`;

/**
 * The backup id that a record's key names, as `pins/<id>.json`; null for what somebody else put there.
 */
export function idOfKey(prefix: string, key: string): string | null {
  const id = key.slice(prefix.length).replace(/\.json$/, '');
  return key === `${prefix}${id}.json` && parseBackupId(id) !== null ? id : null;
}

/**
 * Whether a key is a relative path of printable ASCII without empty, `.` or `..` segments, as all of ours
 * are. Others in a store are somebody else's.
 */
export function isSafeKey(key: string): boolean {
  const segments = key.split('/');
  const isPlain = /^[\x21-\x7e]+$/.test(key) && !key.includes('\\');
  return isPlain && !segments.some((segment) => ['', '.', '..'].includes(segment));
}

/**
 * Throws `failed` unless the key is safe. Keys also come out of manifests, and a manifest may have been
 * written by a stranger.
 */
export function checkKey(key: string): void {
  if (isSafeKey(key)) return;
  throw new StillpointError('failed', `the key ${JSON.stringify(key)} is not a safe path`, {
    hint: 'The manifest that names it was not written by stillpoint, or was changed since.',
  });
}

const dataFolder = (at: BackupAddress, database: string): string =>
  `${backupPrefix(at)}data/${encodeName(database)}/`;

const endingOf = (form: PartForm): string => (form.encrypted ? '.sql.zst.age' : '.sql.zst');

function checkedId(id: string): string {
  if (parseBackupId(id) !== null) return id;
  throw new StillpointError('usage', `${JSON.stringify(id)} is not a backup id`, {
    hint: 'An id looks like 20261122T023000Z-nightly-3fa9c1; see them with: stillpoint list',
  });
}
