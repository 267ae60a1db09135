import { listBackups } from './catalog/catalog.js';
import type { DrillRecord } from './catalog/drillRecord.js';
import { listDrills } from './catalog/drills.js';
import type { BackupRecord } from './catalog/records.js';
import { openCatalogCache } from './catalogCache.js';
import { resolvePair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { StillpointError } from './errors.js';
import { drillPage } from './report/drillPage.js';
import { historyPage } from './report/historyPage.js';
import { encodeName } from './store/keys.js';
import { openStore } from './store/open.js';
import { systemClock, type Clock } from './util/clock.js';

export interface ReportOptions {
  /** Name of the pair; may be left out when the configuration has one. */
  pair?: string;
  /** Id of a drill, or `latest`: its page instead of the pair's history. */
  drill?: string;
  /** Told of each record that cannot be read, and is left out. */
  onDamaged?: (line: string) => void;
  clock?: Clock;
}

/** A page, and what it is made of. */
export interface Report {
  pair: string;
  /** Id of the drill that it tells of; null for the history. */
  drill: string | null;
  /** How many records there are of each. */
  backups: number;
  drills: number;
  html: string;
  /** A good name for its file: `stillpoint-shop.html`. */
  fileName: string;
}

/**
 * Makes the page of a pair's history, or of one drill, from what its store holds. Looks at no server.
 * Throws `no-such-backup` when there is no such drill.
 */
export async function makeReport(config: Config, options: ReportOptions = {}): Promise<Report> {
  const { onDamaged, clock = systemClock } = options;
  const chosen = resolvePair(config, options.pair);
  const { name: pair, store: place } = chosen;
  const store = await openStore(place);
  try {
    const cache = await openCatalogCache(config, chosen);
    const [backups, drills] = await Promise.all([
      listBackups(store, pair, onDamaged, cache?.backups),
      listDrills(store, pair, onDamaged),
    ]);
    const drill = options.drill === undefined ? null : findDrill(drills, options.drill);
    if (options.drill !== undefined && drill === null) {
      throw new StillpointError(
        'no-such-backup',
        `no drill "${options.drill}" of pair ${pair} in ${store.url}`,
        { hint: `\`stillpoint report ${pair}\` shows which drills there are.` },
      );
    }
    return {
      pair,
      drill: drill?.id ?? null,
      backups: backups.length,
      drills: drills.length,
      html: drill
        ? drillPage(drill, backupOf(drill, backups))
        : historyPage({ pair, backups, drills, now: clock.now() }),
      // A pair may be called "a/b".
      fileName: `stillpoint-${encodeName(pair)}${drill ? `-${drill.id}` : ''}.html`,
    };
  } finally {
    await store.close();
  }
}

function findDrill(drills: readonly DrillRecord[], which: string): DrillRecord | null {
  if (which === 'latest') return drills.at(-1) ?? null;
  return drills.find(({ id }) => id === which) ?? null;
}

function backupOf(drill: DrillRecord, backups: readonly BackupRecord[]): BackupRecord | null {
  return backups.find(({ id }) => id === drill.backup) ?? null;
}
