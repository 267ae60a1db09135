import { nearest } from '../config/nearest.js';
import { StillpointError } from '../errors.js';
import { parseBackupId, slugOf } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { backupIds, readRecord } from './listing.js';
import type { BackupRecord } from './records.js';

/** A pair and the store of its backups. */
interface Place {
  name: string;
  store: Store;
}

/** A backup that a store may hold, committed or not. */
interface Known extends Place {
  id: string;
}

/** How many ids a hint names. */
const fewIds = 3;

/** How many records are read at the most, since the newest may be uncommitted. */
const fewReads = 6;

/**
 * The error of a backup that no pair has: it names the label or id that was meant, if one is near, else the
 * newest there are.
 */
export async function noSuchBackup(
  which: string,
  places: readonly Place[],
): Promise<StillpointError> {
  const [only, ...others] = places;
  const where =
    only && others.length === 0 ? `of pair ${only.name} in ${only.store.url}` : 'of any pair';
  const known = await newestFirst(places);
  const near = await meant(which, known);
  const guess = near === null ? '' : ` (did you mean "${near}"?)`;
  return new StillpointError('no-such-backup', `no backup "${which}" ${where}${guess}`, {
    hint: near === null ? await newestOf(which, known) : '`stillpoint list` shows what there is.',
  });
}

async function newestFirst(places: readonly Place[]): Promise<Known[]> {
  const found = await Promise.all(
    places.map(async (place) => {
      const ids = await backupIds(place.store, place.name);
      return ids.map((id) => ({ ...place, id }));
    }),
  );
  return found.flat().sort((a, b) => (a.id < b.id ? 1 : -1));
}

async function meant(which: string, known: readonly Known[]): Promise<string | null> {
  const ids = known.map(({ id }) => id);
  if (/^\d{8}T/.test(which)) {
    // Not more than a slip of the fingers: else a backup that is gone would be mistaken for another.
    return nearest(which, ids, 2) ?? onlyOne(ids.filter((id) => id.startsWith(which)));
  }
  const labels = new Set(ids.map((id) => parseBackupId(id)?.label ?? ''));
  const slug = nearest(slugOf(which), [...labels]);
  const [record] = await committed(
    known.filter(({ id }) => parseBackupId(id)?.label === slug),
    1,
  );
  return record?.label ?? null;
}

function onlyOne(ids: readonly string[]): string | null {
  return ids.length === 1 ? (ids[0] ?? null) : null;
}

async function newestOf(which: string, known: readonly Known[]): Promise<string> {
  const alike = await committed(
    known.filter(({ id }) => id.includes(which)),
    fewIds,
  );
  const newest = alike.length > 0 ? alike : await committed(known, fewIds);
  if (newest.length === 0) return 'There is none yet: `stillpoint backup` takes the first.';
  const ids = newest.map(({ id }) => id).join(', ');
  const what = alike.length > 0 ? 'The newest with that in their ids' : 'The newest';
  return `${what}: ${ids}; \`stillpoint list\` shows all.`;
}

/** The first of them that were committed and can be read. */
async function committed(known: readonly Known[], count: number): Promise<BackupRecord[]> {
  const found: BackupRecord[] = [];
  for (const { store, name, id } of known.slice(0, fewReads)) {
    if (found.length === count) break;
    const record = await readRecord(store, name, id).catch(() => null);
    if (record) found.push(record);
  }
  return found;
}
