import type { Promotion } from './catalog/promotions.js';
import type { ChosenPair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { reasonOf, StillpointError } from './errors.js';
import { aloneOnOld, writtenTo } from './failover/aloneOnOld.js';
import { leaveActs, openActs } from './failover/becomeSource.js';
import { openStateOf } from './failover/closing.js';
import { eventAct } from './failover/eventAct.js';
import { eventsOff, waitingEvents } from './failover/events.js';
import { eventsOffActs } from './failover/eventsOff.js';
import { caughtUp, followActs } from './failover/follow.js';
import { lastWritten } from './failover/lastWritten.js';
import {
  openRejoinJournal,
  type PromotionEntry,
  type PromotionJournal,
} from './failover/journal.js';
import { persistedReadOnly } from './failover/optionLines.js';
import { keepPromotion, recordOf } from './keepPromotion.js';
import { semiSyncOf, semiSyncOff, semiSyncOn } from './failover/semiSync.js';
import { moveOthers } from './moveOthers.js';
import { doing, perform, statement } from './pair/act.js';
import { replicationAccount } from './pair/admin.js';
import type { Identity } from './pair/following.js';
import type { Server } from './pair/server.js';
import { runPairHook } from './pairHook.js';
import type { Clock } from './util/clock.js';
import type { Observe } from './util/observe.js';

/** A promotion that goes on. */
export interface Promoting {
  config: Config;
  chosen: ChosenPair;
  replica: Server;
  /** Null when it does not answer. */
  source: Server | null;
  old: Identity;
  journal: PromotionJournal;
  signal: AbortSignal;
  observe: Observe;
  dryRun: boolean;
  clock: Clock;
  /** Lets go of the read lock on the old source, where one is held; it may be called twice. */
  release: () => Promise<void>;
  /** When the old source was closed, of `performance.now()`; null when another process has done that. */
  closedAt: number | null;
}

/** Seconds that the old source may take to catch up with the new one. */
const patience = 600;

/**
 * Makes the replica the source, now that it has everything there is to have. Every step passes over what is
 * done, so that it can be run again after it was killed. What fails once the source is another goes into the
 * warnings, since there is no way back.
 */
export async function finishPromotion(begun: Promoting, entry: PromotionEntry): Promise<Promotion> {
  // Whoever asks it to end now would leave two servers of which none has its role.
  const promoting = { ...begun, signal: new AbortController().signal };
  const { chosen, replica, source, old, observe, dryRun, clock, journal } = promoting;
  const { switched } = entry;
  if (!switched) throw new Error('the promotion has not come so far');
  const how = { observe, dryRun };
  await perform(await leaveActs(replica, switched.channel), how);
  await observe({ type: 'step', step: 'open-source' });
  // In a dry run it is a replica still.
  await perform(await openActs(replica), how);
  const paused = promoting.closedAt === null ? null : performance.now() - promoting.closedAt;
  const warnings: string[] = [];
  const attempt = async (work: () => Promise<void>) =>
    await work().catch((error: unknown) => {
      warnings.push(textOf(error));
    });
  if (!dryRun) await attempt(async () => await runPairHook(promoting, entry.kind, 'after'));
  let eventScheduler = false;
  await attempt(async () => {
    eventScheduler = await turnOnEvents(promoting, entry);
  });
  // Before the old source writes into its binary log what comes from the new one.
  const others = await moveOthers(promoting, entry);
  for (const { name, status, reason } of others)
    if (status === 'left') warnings.push(leftText(chosen.name, name, reason));
  if (entry.kind === 'switchover') {
    await observe({ type: 'step', step: 'follow-source' });
    await attempt(async () => {
      await turnAround(promoting, entry).catch(async (error: unknown) => {
        await leaveEvents(promoting, entry);
        throw error;
      });
    });
  }
  let persisted: string[] = [];
  await attempt(async () => {
    persisted = await persistedReadOnly(replica);
  });
  let alone: string | null = null;
  if (entry.kind === 'switchover' && !dryRun)
    await attempt(async () => {
      alone = source && (await aloneOnOld(source, replica));
      if (source && alone !== null) throw writtenTo(source, alone, chosen.name);
    });
  const { opensAt, received } = switched;
  const { mysqlbinlog } = chosen.pair.tools;
  const asked = { gtid: received.gtid, at: opensAt, mysqlbinlog };
  const isTold = entry.kind === 'failover' && !dryRun;
  const newest = isTold ? await lastWritten(replica, asked) : null;
  const { host, port } = replica.settings;
  const promotion = recordOf(entry, {
    at: { old: { host: old.host, port: old.port }, new: { host, port } },
    finishedAt: clock.now().toISOString(),
    writesPausedSeconds: paused === null ? null : Math.round(paused) / 1000,
    lastWritten: newest,
    ...{ alone, eventScheduler, persisted, others, warnings },
    ...{ replica: chosen.replicaName, engine: replica.dialect.version.flavour },
  });
  if (dryRun) return promotion;
  await observe({ type: 'step', step: 'keep-promotion' });
  await attempt(async () => await keepPromotion(promoting, promotion));
  await journal.close();
  return promotion;
}

/**
 * Turns on the events that ran on the old source, and the event scheduler if that ran events; of one that is gone
 * nobody knows, so then if it has events. Answers whether the scheduler was turned on.
 */
async function turnOnEvents(
  { replica, observe, dryRun }: Promoting,
  { kind, ranEvents, switched }: PromotionEntry,
): Promise<boolean> {
  const wanted = new Set(switched?.events.map(({ name }) => name));
  const off = (await waitingEvents(replica, null)).filter(({ name }) => wanted.has(name));
  const acts = off.map((event) => eventAct(replica, event, { isLogged: true }));
  // A copy of the source's files has its events on.
  const hasEvents = wanted.size > 0 || (await eventsOff(replica)).length > 0;
  const isWanted = kind === 'failover' ? wanted.size > 0 : ranEvents && hasEvents;
  const turnsOn = isWanted && !(await openStateOf(replica)).ranEvents;
  if (turnsOn) acts.push(statement(replica, 'SET GLOBAL event_scheduler = ON'));
  await perform(acts, { observe, dryRun });
  return turnsOn;
}

/** The old source becomes a replica of the new one. */
async function turnAround(
  { chosen, replica, source, release, journal, signal, observe, dryRun }: Promoting,
  entry: PromotionEntry,
): Promise<void> {
  const { switched, ranEvents } = entry;
  if (!source) {
    throw new StillpointError('failed', `the source of ${chosen.name} does not answer any more`, {
      hint: `\`stillpoint pair rejoin ${chosen.name}\` makes it a replica once it does.`,
    });
  }
  await release();
  const account = await replicationAccount(chosen.pair);
  const { channel = '', opensAt = null } = switched ?? {};
  const how = { observe, dryRun };
  const semiSync = switched?.semiSync ?? (await semiSyncOf(source));
  if (!dryRun && switched) await journal.write({ ...entry, switched: { ...switched, semiSync } });
  await perform(semiSyncOff(source, semiSync), how);
  await perform(await followActs(source, { source: replica, account, channel, opensAt }), how);
  const wait = doing(source, '-- wait until it has caught up', async () => {
    await caughtUp(source, replica, { within: patience, signal, observe });
  });
  await perform([wait], how);
  if (ranEvents) {
    // What was turned on at the new source came back as off; not what ran there already.
    const except = dryRun ? (switched?.events ?? []).map(({ name }) => name) : [];
    const events = await eventsOffActs(source, { except });
    await perform([...events, statement(source, 'SET GLOBAL event_scheduler = ON')], how);
  }
  const waits = await semiSyncOn(replica, semiSync);
  const text = `semi-synchronous replication is off at the ${replica.who}: what it acknowledges may be on no other server`;
  if (waits === null) await observe({ type: 'warning', text });
  else await perform(waits, how);
}

/** Its events are off until it has them as those of a replica: `pair rejoin`, which mends it, is told that they ran. */
async function leaveEvents(
  { config, chosen, dryRun }: Promoting,
  { oldSource, ranEvents, since }: PromotionEntry,
): Promise<void> {
  if (dryRun || !ranEvents || oldSource === null) return;
  const journal = openRejoinJournal(config.stateDir, chosen.name, oldSource);
  await journal.write({ server: oldSource, ranEvents, history: null, seed: null, since });
}

/** Says that a replica was left as it was. */
export function leftText(pair: string, name: string, reason: string | null): string {
  return `replica ${name} of ${pair} does not follow the new source: ${reason ?? ''}. \`stillpoint pair rejoin ${pair} --replica ${name}\` lets it`;
}

function textOf(error: unknown): string {
  const hint = error instanceof StillpointError ? error.hint : undefined;
  return hint === undefined ? reasonOf(error) : `${reasonOf(error)}. ${hint}`;
}
