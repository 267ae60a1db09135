import type { CatalogCache } from './catalog/cache.js';
import type { Decision } from './catalog/retention.js';
import { decide } from './catalog/retention.js';
import { listDigests } from './catalog/drills.js';
import { readCatalog, type Catalog } from './catalog/listing.js';
import { listPins, type Pin } from './catalog/pins.js';
import { verdictsOf } from './catalog/proofs.js';
import type { BackupRecord } from './catalog/records.js';
import type { ChosenPair } from './config/choose.js';
import { commitKey } from './store/keys.js';
import type { Store } from './store/store.js';

/** What a prune would do, and what it knows it from. */
export interface PrunePlan {
  catalog: Catalog;
  pins: ReadonlyMap<string, Pin>;
  /** Oldest first. */
  decisions: Decision<BackupRecord>[];
  /** What Object Lock holds of what would go, by id; `until` is null for a legal hold. */
  locks: Map<string, { until: Date | null }>;
  warnings: string[];
}

/** Looks at heads at once. */
const looksAtOnce = 16;

/**
 * Reads what there is of a pair and decides. With `isBelieved: false` every record is read from the store,
 * as it has to be before anything is removed.
 */
export async function planPrune(
  store: Store,
  { name, pair }: Pick<ChosenPair, 'name' | 'pair'>,
  { now, cache, isBelieved }: { now: Date; cache?: CatalogCache | undefined; isBelieved: boolean },
): Promise<PrunePlan> {
  const warnings: string[] = [];
  const note = (line: string) => warnings.push(line);
  const [catalog, pins, drills] = await Promise.all([
    readCatalog(store, name, cache?.backups, isBelieved),
    listPins(store, name, note),
    listDigests(store, name, note, cache?.drills),
  ]);
  for (const { message } of catalog.damaged) note(`${message}; it stays, and counts for no rule`);
  const decisions = decide({
    backups: catalog.backups,
    pins,
    verdicts: verdictsOf(drills),
    rules: pair.retention,
    now,
  });
  const going = decisions.filter(({ keep }) => !keep).map(({ backup }) => backup.id);
  return { catalog, pins, decisions, locks: await locksOf(store, name, going), warnings };
}

/**
 * The locks of backups, by id. Locks end in the order in which they were set, so it looks from the newest
 * on and stops where there are none: not 5,000 looks where 5,000 backups would go. Before each removal the
 * lock is looked at again.
 */
async function locksOf(
  store: Store,
  pair: string,
  ids: readonly string[],
): Promise<PrunePlan['locks']> {
  const locks: PrunePlan['locks'] = new Map();
  const newestFirst = [...ids].reverse();
  for (let start = 0; start < newestFirst.length; start += looksAtOnce) {
    const some = newestFirst.slice(start, start + looksAtOnce);
    const heads = await Promise.all(some.map((id) => store.head(commitKey({ pair, id }))));
    const before = locks.size;
    some.forEach((id, i) => {
      const lock = heads[i]?.lock;
      if (lock) locks.set(id, lock);
    });
    if (locks.size === before) break;
  }
  return locks;
}
