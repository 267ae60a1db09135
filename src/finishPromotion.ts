import { hostname, userInfo } from 'node:os';
import { putPromotion, type Promotion } from './catalog/promotions.js';
import type { ChosenPair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { reasonOf, StillpointError } from './errors.js';
import { aloneOnOld, writtenTo } from './failover/aloneOnOld.js';
import { leaveActs, openActs } from './failover/becomeSource.js';
import { openStateOf } from './failover/closing.js';
import { waitingEvents } from './failover/events.js';
import { caughtUp, followActs } from './failover/follow.js';
import { lastWritten } from './failover/lastWritten.js';
import type { PromotionEntry, PromotionJournal } from './failover/journal.js';
import { semiSyncOf, semiSyncOff, semiSyncOn } from './failover/semiSync.js';
import { moveOthers } from './moveOthers.js';
import { doing, perform, statement } from './pair/act.js';
import { replicationAccount } from './pair/admin.js';
import type { Identity } from './pair/following.js';
import type { Server } from './pair/server.js';
import { runPairHook } from './pairHook.js';
import { openStore } from './store/open.js';
import type { Clock } from './util/clock.js';
import type { Observe } from './util/observe.js';
import { toolName } from './util/tool.js';

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
  if (!dryRun)
    await attempt(async () => await runPairHook(promoting, chosen.pair.failover.after, 'after'));
  await attempt(async () => await turnOnEvents(promoting, entry));
  // Before the old source writes into its binary log what comes from the new one.
  const others = await moveOthers(promoting, entry);
  for (const { name, status, reason } of others)
    if (status === 'left') warnings.push(leftText(promoting, name, reason));
  if (entry.kind === 'switchover') {
    await observe({ type: 'step', step: 'follow-source' });
    await attempt(async () => await turnAround(promoting, entry));
  }
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
  const promotion: Promotion = {
    format: 1,
    id: entry.id,
    pair: chosen.name,
    kind: entry.kind,
    status: 'promoted',
    oldSource: { host: old.host, port: old.port, uuid: entry.oldSource },
    newSource: { host: replica.settings.host, port: replica.settings.port, uuid: replica.uuid },
    startedAt: entry.since,
    finishedAt: clock.now().toISOString(),
    writesPausedSeconds: paused === null ? null : Math.round(paused) / 1000,
    received: { ...received, lastWritten: newest?.toISOString() ?? null },
    opensAt,
    alone,
    events: switched.events.map(({ name }) => name),
    others,
    warnings,
    by: `${userInfo().username}@${hostname()}`,
    tool: toolName(),
  };
  if (dryRun) return promotion;
  await observe({ type: 'step', step: 'keep-promotion' });
  await attempt(async () => await keep(promoting, promotion));
  await journal.close();
  return promotion;
}

async function turnOnEvents(
  { replica, observe, dryRun }: Promoting,
  { switched }: PromotionEntry,
): Promise<void> {
  const wanted = switched?.events ?? [];
  const off = new Set((await waitingEvents(replica, null)).map(({ name }) => name));
  const acts = wanted.filter(({ name }) => off.has(name)).map(({ sql }) => statement(replica, sql));
  const runs = (await openStateOf(replica)).ranEvents;
  if (wanted.length > 0 && !runs) acts.push(statement(replica, 'SET GLOBAL event_scheduler = ON'));
  await perform(acts, { observe, dryRun });
}

/** The old source becomes a replica of the new one. */
async function turnAround(
  { chosen, replica, source, release, signal, observe, dryRun }: Promoting,
  { switched, ranEvents }: PromotionEntry,
): Promise<void> {
  if (!source) {
    throw new StillpointError('failed', `the source of ${chosen.name} does not answer any more`, {
      hint: `\`stillpoint pair rejoin ${chosen.name}\` makes it a replica once it does.`,
    });
  }
  await release();
  const account = await replicationAccount(chosen.pair);
  const { channel = '', opensAt = null } = switched ?? {};
  const how = { observe, dryRun };
  const semiSync = await semiSyncOf(source);
  await perform(semiSyncOff(source, semiSync), how);
  await perform(await followActs(source, { source: replica, account, channel, opensAt }), how);
  const wait = doing(source, '-- wait until it has caught up', async () => {
    await caughtUp(source, replica, { within: patience, signal, observe });
  });
  // Its events came back as those of a replica with what was turned on at the new source.
  const events = ranEvents ? [statement(source, 'SET GLOBAL event_scheduler = ON')] : [];
  await perform([wait, ...events], how);
  const waits = await semiSyncOn(replica, semiSync);
  const text = `semi-synchronous replication is off at the ${replica.who}: what it acknowledges may be on no other server`;
  if (waits === null) await observe({ type: 'warning', text });
  else await perform(waits, how);
}

async function keep({ chosen }: Promoting, promotion: Promotion): Promise<void> {
  const store = await openStore(chosen.store);
  try {
    await putPromotion(store, promotion);
  } catch (error) {
    throw new StillpointError('failed', `the promotion is not on record: ${reasonOf(error)}`, {
      hint: 'Keep what is printed here: `stillpoint pair rejoin` would have read it from the store.',
    });
  } finally {
    await store.close();
  }
}

function leftText(
  { chosen: { name: pair } }: Promoting,
  name: string,
  reason: string | null,
): string {
  return `replica ${name} of ${pair} does not follow the new source: ${reason ?? ''}. \`stillpoint pair rejoin ${pair} --replica ${name}\` lets it`;
}

function textOf(error: unknown): string {
  const hint = error instanceof StillpointError ? error.hint : undefined;
  return hint === undefined ? reasonOf(error) : `${reasonOf(error)}. ${hint}`;
}
