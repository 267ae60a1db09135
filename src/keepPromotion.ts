import { hostname, userInfo } from 'node:os';
import { lastPromotion, putPromotion, type Promotion } from './catalog/promotions.js';
import type { ChosenPair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { reasonOf, StillpointError } from './errors.js';
import type { PromotionEntry } from './failover/journal.js';
import { openKeptPromotions } from './failover/keptPromotions.js';
import { promotionKey } from './store/keys.js';
import { openStore } from './store/open.js';
import type { Store } from './store/store.js';
import { toolName } from './util/tool.js';

/** What the journal of a promotion does not tell. */
type Facts = Pick<
  Promotion,
  'finishedAt' | 'writesPausedSeconds' | 'alone' | 'others' | 'warnings'
> & {
  at: NonNullable<PromotionEntry['at']>;
  lastWritten?: Date | null;
} & Partial<Pick<Promotion, 'replica' | 'engine' | 'eventScheduler' | 'persisted'>>;

/** The record of a promotion. */
export function recordOf(entry: PromotionEntry, { at, lastWritten, ...facts }: Facts): Promotion {
  const { id, pair, kind, oldSource, newSource, since, switched } = entry;
  if (!switched) throw new Error('the promotion has not come so far');
  const { received, opensAt, events } = switched;
  return {
    ...{ format: 1, id, pair, kind, status: 'promoted' },
    oldSource: { ...at.old, uuid: oldSource },
    newSource: { ...at.new, uuid: newSource },
    startedAt: since,
    finishedAt: facts.finishedAt,
    writesPausedSeconds: facts.writesPausedSeconds,
    replica: facts.replica ?? null,
    engine: facts.engine ?? null,
    eventScheduler: facts.eventScheduler ?? false,
    persisted: facts.persisted ?? [],
    received: { ...received, lastWritten: lastWritten?.toISOString() ?? null },
    opensAt,
    alone: facts.alone,
    events: events.map(({ name }) => name),
    others: facts.others,
    warnings: facts.warnings,
    by: `${userInfo().username}@${hostname()}`,
    tool: toolName(),
  };
}

/** A pair, and where what concerns it is kept. */
interface Keeping {
  config: Config;
  chosen: ChosenPair;
}

/**
 * Puts a promotion on record in the store. Where that fails it is kept in the state directory until a later command
 * can store it, and `failed` is thrown, which says so.
 */
export async function keepPromotion(
  { config, chosen }: Keeping,
  promotion: Promotion,
): Promise<void> {
  const kept = openKeptPromotions(config.stateDir, chosen.name);
  try {
    await withStore(chosen, async (store) => {
      await putPromotion(store, promotion);
      await storeKept(config, chosen, store);
    });
  } catch (error) {
    const hint = await kept
      .write([...((await kept.read()) ?? []), promotion])
      .then(() => `It is kept in ${kept.path}; the next pair promote or pair rejoin stores it`)
      .catch(() => 'Keep what is printed here: `stillpoint pair rejoin` would have read it');
    const message = `the promotion is not on record in the store: ${reasonOf(error)}`;
    throw new StillpointError('failed', message, { hint, cause: error });
  }
}

/** The newest promotion of a pair, be it in its store or in the state directory; null when there was none. */
export async function newestPromotion(
  config: Config,
  { name }: Pick<ChosenPair, 'name'>,
  store: Store,
): Promise<Promotion | null> {
  const kept = (await openKeptPromotions(config.stateDir, name).read())?.at(-1) ?? null;
  const stored = await lastPromotion(store, name);
  // Ids sort by time.
  return kept && kept.id > (stored?.id ?? '') ? kept : stored;
}

/** The same; what is in the state directory only is stored first, if the store takes it. */
export async function lastPromotionOf(
  config: Config,
  chosen: Pick<ChosenPair, 'name'>,
  store: Store,
): Promise<Promotion | null> {
  await storeKept(config, chosen, store).catch(() => undefined);
  return await newestPromotion(config, chosen, store);
}

async function storeKept(
  config: Config,
  { name }: Pick<ChosenPair, 'name'>,
  store: Store,
): Promise<void> {
  const kept = openKeptPromotions(config.stateDir, name);
  const promotions = await kept.read();
  if (promotions === null) return;
  for (const one of promotions)
    if ((await store.head(promotionKey(one.pair, one.id))) === null) await putPromotion(store, one);
  await kept.close();
}

/** Opens the store of a pair for a moment. */
export async function withStore<T>(
  { store }: Pick<ChosenPair, 'store'>,
  body: (store: Store) => Promise<T>,
): Promise<T> {
  const opened = await openStore(store);
  try {
    return await body(opened);
  } finally {
    await opened.close();
  }
}
