import { findBackup } from './catalog/catalog.js';
import type { DrillRecord } from './catalog/drillRecord.js';
import { listDigests } from './catalog/drills.js';
import { readOneDrill } from './catalog/oneDrill.js';
import type { Promotion } from './catalog/promotions.js';
import type { BackupRecord } from './catalog/records.js';
import { openCatalogCache } from './catalogCache.js';
import { resolvePair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { reasonOf } from './errors.js';
import { newestPromotion } from './keepPromotion.js';
import { openStore } from './store/open.js';
import type { Store } from './store/store.js';

/** What of a status the store holds. */
export interface Kept {
  lastBackup: BackupRecord | null;
  lastDrill: DrillRecord | null;
  lastProof: DrillRecord | null;
  lastPromotion: Promotion | null;
  problems: string[];
}

/** The newest records of a pair in its store. What cannot be read is null, with the reason in `problems`. */
export async function keptOf(config: Config, name: string): Promise<Kept> {
  const chosen = resolvePair(config, name);
  const kept: Kept = {
    ...{ lastBackup: null, lastDrill: null, lastProof: null, lastPromotion: null },
    problems: [],
  };
  const attempt = async (work: () => Promise<void>) =>
    await work().catch((error: unknown) => {
      kept.problems.push(reasonOf(error));
    });
  await attempt(async () => {
    const store = await openStore(chosen.store);
    try {
      await attempt(async () => {
        kept.lastBackup = await findBackup(store, name, 'latest');
      });
      await attempt(async () => {
        const cache = await openCatalogCache(config, chosen);
        const note = (line: string) => kept.problems.push(line);
        Object.assign(kept, await drillsOf(store, name, { cache: cache?.drills, note }));
      });
      await attempt(async () => {
        kept.lastPromotion = await newestPromotion(config, chosen, store);
      });
    } finally {
      await store.close();
    }
  });
  return kept;
}

/** Which drills there are is known from before; only those that are shown are read whole. */
async function drillsOf(
  store: Store,
  name: string,
  { cache, note }: { cache: Parameters<typeof listDigests>[3]; note: (line: string) => void },
): Promise<Pick<Kept, 'lastDrill' | 'lastProof'>> {
  const drills = await listDigests(store, name, note, cache);
  const last = drills.at(-1);
  const proof = drills.findLast((drill) => drill.status === 'passed');
  const lastDrill = last ? await readOneDrill(store, name, last.id) : null;
  if (!proof) return { lastDrill, lastProof: null };
  const lastProof = proof === last ? lastDrill : await readOneDrill(store, name, proof.id);
  return { lastDrill, lastProof };
}
