import type { Promotion } from './catalog/promotions.js';
import type { ChosenPair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { reasonOf, StillpointError } from './errors.js';
import { leaveActs, openActs } from './failover/becomeSource.js';
import { openStateOf } from './failover/closing.js';
import { waitingEvents } from './failover/events.js';
import { extraByGtid } from './failover/extra.js';
import { caughtUp, followActs } from './failover/follow.js';
import { lastWritten } from './failover/lastWritten.js';
import type { PromotionEntry, PromotionJournal } from './failover/journal.js';
import { keepPromotion, recordOf } from './keepPromotion.js';
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
  const { chosen, replica, old, observe, dryRun, clock, journal } = promoting;
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
  await attempt(async () => await turnOnEvents(promoting, entry));
  // Before the old source writes into its binary log what comes from the new one.
  const others = await moveOthers(promoting, entry);
  for (const { name, status, reason } of others)
    if (status === 'left') warnings.push(leftText(chosen.name, name, reason));
  if (entry.kind === 'switchover') {
    await observe({ type: 'step', step: 'follow-source' });
    await attempt(async () => await turnAround(promoting, entry));
  }
  let alone: string | null = null;
  if (entry.kind === 'switchover' && !dryRun)
    await attempt(async () => {
      alone = await aloneOnOld(promoting);
      if (alone !== null) throw writtenTo(promoting, alone);
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
    ...{ alone, others, warnings },
  });
  if (dryRun) return promotion;
  await observe({ type: 'step', step: 'keep-promotion' });
  await attempt(async () => await keepPromotion(promoting, promotion));
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
  await perform(await followActs(source, { source: replica, account, channel, opensAt }), how);
  const wait = doing(source, '-- wait until it has caught up', async () => {
    await caughtUp(source, replica, { within: patience, signal, observe });
  });
  // Its events came back as those of a replica with what was turned on at the new source.
  const events = ranEvents ? [statement(source, 'SET GLOBAL event_scheduler = ON')] : [];
  await perform([wait, ...events], how);
}

/**
 * What the old source has of its own in the end. On MariaDB an account with READ_ONLY ADMIN may write to it as soon
 * as its read lock is gone, and that has to go before it can follow: to set where it begins is a write to a table.
 */
async function aloneOnOld({ replica, source }: Promoting): Promise<string | null> {
  if (!source || source.dialect.superReadOnly) return null;
  return (await extraByGtid(source, replica))?.says ?? null;
}

function writtenTo({ chosen, source }: Promoting, alone: string): StillpointError {
  return new StillpointError(
    'failed',
    `the ${source?.who ?? 'old source'} was written to after it had been replaced: ${alone} is on it alone`,
    {
      hint: `Find out which account with READ_ONLY ADMIN does that; \`stillpoint pair rejoin ${chosen.name}\` saves it and makes a copy of that server again`,
    },
  );
}

/** Says that a replica was left as it was. */
export function leftText(pair: string, name: string, reason: string | null): string {
  return `replica ${name} of ${pair} does not follow the new source: ${reason ?? ''}. \`stillpoint pair rejoin ${pair} --replica ${name}\` lets it`;
}

function textOf(error: unknown): string {
  const hint = error instanceof StillpointError ? error.hint : undefined;
  return hint === undefined ? reasonOf(error) : `${reasonOf(error)}. ${hint}`;
}
