import { withIndex } from './catalog/indexedCache.js';
import { tryRemoval } from './catalog/pruning.js';
import type { BackupRecord } from './catalog/records.js';
import { removeBackup } from './catalog/remove.js';
import type { Decision } from './catalog/retention.js';
import { openCatalogCache } from './catalogCache.js';
import { resolvePair, type ChosenPair } from './config/choose.js';
import type { Config, StoreConfig } from './config/schema.js';
import { StillpointError } from './errors.js';
import { lastEntry } from './freeze/journal.js';
import { keepIndex } from './keepIndex.js';
import { planPrune, type PrunePlan } from './prunePlan.js';
import { refuseToPrune } from './pruneRefusal.js';
import { sweepStore } from './pruneSweep.js';
import { openStore } from './store/open.js';
import { systemClock, type Clock } from './util/clock.js';
import { ignore, type Observe } from './util/observe.js';

export interface PruneOptions {
  /** Name of the pair; may be left out when the configuration has one. */
  pair?: string;
  /** Only say what would be removed. */
  dryRun?: boolean;
  /** Asked before anything is removed, with what would be; throws to leave everything as it is. */
  confirm?: (plan: PruneResult) => Promise<void>;
  /** Ends the run between two backups. */
  signal?: AbortSignal;
  observe?: Observe;
  clock?: Clock;
}

/** A backup that was looked at. */
export interface PrunedBackup extends Pick<BackupRecord, 'id' | 'label' | 'pausedAt'> {
  /** Bytes of it in the store. */
  stored: number;
  /**
   * `removed`: it is gone, or would be. `locked`: Object Lock holds it. `pinned`: somebody pinned it after
   * the decision.
   */
  outcome: 'kept' | 'removed' | 'locked' | 'pinned';
  /** Why it stays or goes, in words. */
  reasons: string[];
  /** When the lock of a locked one ends; null for a legal hold without an end. */
  lockedUntil: string | null;
}

/** What a prune did, or would do. */
export interface PruneResult {
  pair: string;
  store: string;
  /** `planned`: nothing was touched. */
  status: 'planned' | 'pruned';
  /** Oldest first. */
  backups: PrunedBackup[];
  kept: number;
  removed: number;
  locked: number;
  /** Stored bytes of what was removed. */
  bytes: number;
  /** Whether the bucket keeps what was removed as old versions: then no space is free yet. */
  keepsVersions: boolean;
  /** Ids of runs and earlier prunes that died, of which the rest was removed. */
  swept: string[];
  /** Why a real run would be refused; null when it would not. */
  refusal: string | null;
  warnings: string[];
}

/**
 * Removes the backups of a pair that no rule of its `retention` keeps. Each is gone whole or is still
 * there whole: the commit goes first, and what a run that died here leaves is finished by the next. Throws
 * `refused` when the newest backup run failed, or what `confirm` throws.
 */
export async function prune(config: Config, options: PruneOptions = {}): Promise<PruneResult> {
  const { observe = ignore, clock = systemClock, dryRun = false } = options;
  const chosen = resolvePair(config, options.pair);
  const { name } = chosen;
  const store = await openStore(asPruner(chosen));
  try {
    const cache = await openCatalogCache(config, chosen);
    const now = clock.now();
    const indexed = await withIndex(cache, store, name);
    let plan = await planPrune(store, chosen, { now, cache: indexed, isBelieved: true });
    const isIdle = plan.decisions.every(({ keep }) => keep);
    // What goes is decided by what is in the store, not by what was there when we last looked.
    if (!dryRun && !isIdle && cache)
      plan = await planPrune(store, chosen, { now, cache, isBelieved: false });
    const journal = await lastEntry(config.stateDir, name);
    const refusal = isIdle ? null : refuseToPrune(plan, journal, now);
    const result = resultOf(plan, { pair: name, store: store.url, refusal });
    if (dryRun) return result;
    if (refusal) throw refusal;
    if (result.removed > 0) await options.confirm?.(result);

    await observe({ type: 'step', step: 'sweep-store' });
    const storeNow = await tryRemoval(store, name);
    result.swept = await sweepStore(store, name, plan, { storeNow, clock });
    for (const backup of result.backups) {
      if (backup.outcome !== 'removed') continue;
      options.signal?.throwIfAborted();
      const { outcome, lockedUntil, keepsVersions } = await removeBackup(
        store,
        { pair: name, id: backup.id },
        { clock, observe },
      );
      backup.outcome = outcome;
      backup.lockedUntil = lockedUntil?.toISOString() ?? null;
      result.keepsVersions ||= keepsVersions && outcome === 'removed';
    }
    const { signal = new AbortController().signal } = options;
    await keepIndex(store, name, cache, { beside: Promise.resolve(), signal });
    return { ...result, ...countsOf(result.backups), status: 'pruned' };
  } finally {
    await store.close();
  }
}

/** The store of a pair with the credentials that may delete. */
function asPruner({ name, pair, store }: ChosenPair): StoreConfig {
  const profile = pair.retention?.profile;
  if (profile === undefined) return store;
  if (store.type === 's3') return { ...store, profile };
  throw new StillpointError(
    'config',
    `retention.profile of pair ${name} is for a store of type s3`,
    {
      hint: 'A folder knows users: run prune as one that may remove files there.',
    },
  );
}

function resultOf(
  plan: PrunePlan,
  at: { pair: string; store: string; refusal: StillpointError | null },
): PruneResult {
  const backups = plan.decisions.map((decision) => prunedBackup(decision, plan.locks));
  return {
    pair: at.pair,
    store: at.store,
    status: 'planned',
    backups,
    ...countsOf(backups),
    keepsVersions: false,
    swept: [],
    refusal: at.refusal?.message ?? null,
    warnings: plan.warnings,
  };
}

function prunedBackup(
  { backup, keep, reasons }: Decision<BackupRecord>,
  locks: PrunePlan['locks'],
): PrunedBackup {
  const { id, label, pausedAt, bytes } = backup;
  const lock = locks.get(id);
  const goes = lock ? 'locked' : 'removed';
  return {
    id,
    label,
    pausedAt,
    stored: bytes.stored,
    outcome: keep ? 'kept' : goes,
    reasons,
    lockedUntil: lock?.until?.toISOString() ?? null,
  };
}

function countsOf(backups: readonly PrunedBackup[]) {
  const removed = backups.filter(({ outcome }) => outcome === 'removed');
  const locked = backups.filter(({ outcome }) => outcome === 'locked').length;
  return {
    kept: backups.length - removed.length - locked,
    removed: removed.length,
    locked,
    bytes: removed.reduce((sum, { stored }) => sum + stored, 0),
  };
}
