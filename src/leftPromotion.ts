import { reasonOf, StillpointError } from './errors.js';
import { isAsBefore, openStateOf, type OpenState } from './failover/closing.js';
import { channelFrom } from './failover/fit.js';
import type { PromotionEntry } from './failover/journal.js';
import type { Promoting } from './finishPromotion.js';
import { keepPromotion, newestPromotion, recordOf, withStore } from './keepPromotion.js';
import { perform, statement } from './pair/act.js';
import { isWritable } from './pair/admin.js';
import { channelsOf } from './pair/channels.js';
import { channelOf, isFrom, type Identity } from './pair/following.js';
import type { Server } from './pair/server.js';

type Address = Pick<Identity, 'host' | 'port'>;

/**
 * What to go on with of a promotion that was killed; null where that has come to its end, or changed nothing, and
 * this one begins anew. Throws `refused` where it is half done, and another one than is asked for.
 */
export async function goesOn(
  promoting: Promoting,
  left: PromotionEntry,
  kind: PromotionEntry['kind'],
): Promise<PromotionEntry | null> {
  const { chosen, replica, source, journal, dryRun } = promoting;
  if (left.phase === 'closing') return isOfThisSource(promoting, left) ? left : null;
  if (left.newSource === replica.uuid) {
    if (await isReplicaStill(promoting, left)) return { ...left, phase: 'closing', switched: null };
    // No switchover can be asked for without the source; this one needs it no longer.
    if (left.kind === kind || (!source && kind === 'failover')) return left;
    throw new StillpointError(
      'refused',
      `a ${left.kind} of ${chosen.name}, begun at ${left.since}, is half done`,
      { hint: `Let it end first: ${commandOf(left)}` },
    );
  }
  if (!(await hasEnded(promoting, left))) throw ofAnother(left);
  if (dryRun) return null;
  await keepEnded(promoting, left);
  await journal.close();
  return null;
}

/** Undoes, as far as it was done, what was begun, when nothing has taken the source's place. Never throws. */
export async function stepBack(promoting: Promoting): Promise<void> {
  const { replica, source, journal, observe } = promoting;
  try {
    const is = await journal.read();
    if (is?.phase !== 'closing' || is.newSource !== replica.uuid) return;
    await startReceiver(promoting, is);
    // Of a source that does not answer nobody knows whether it was let take writes again.
    if (source ? await isAsBefore(source, is) : !is.wasWritable) await journal.close();
  } catch (error) {
    await observe({ type: 'warning', text: reasonOf(error) });
  }
}

/** Lets a replica receive again, where a failover has stopped that and has not come to its end. */
export async function startReceiver(
  { replica, old, observe }: Promoting,
  { kind, newSource, ranReceiver }: PromotionEntry,
): Promise<void> {
  if (kind !== 'failover' || newSource !== replica.uuid || !ranReceiver) return;
  const channel = await channelFrom(replica, old).catch(() => null);
  if (channel?.receiver !== 'stopped') return;
  const start = statement(replica, replica.dialect.startReceiver(channel.name));
  await perform([start], { observe, dryRun: false });
}

/** How a source was before anybody closed it. */
export async function stateBefore(
  source: Server | null,
  left: PromotionEntry | null,
): Promise<OpenState> {
  const now = source ? await openStateOf(source) : { wasWritable: false, ranEvents: false };
  return {
    wasWritable: now.wasWritable || left?.wasWritable === true,
    ranEvents: now.ranEvents || left?.ranEvents === true,
  };
}

/** Whether what was left is about the source that the configuration names now. */
function isOfThisSource({ source, old }: Promoting, { oldSource, at }: PromotionEntry): boolean {
  if (source && oldSource !== null) return source.uuid === oldSource;
  return at === null || isSame(at.old, old);
}

/**
 * Whether the replica is one still, so that nothing of what was left has been done: it follows the source. One whose
 * applier was stopped was about to leave it, unless that takes writes again.
 */
async function isReplicaStill(
  { replica, source }: Promoting,
  { switched }: PromotionEntry,
): Promise<boolean> {
  if (await isWritable(replica)) return false;
  const channel = (await channelsOf(replica)).find(({ name }) => name === switched?.channel);
  if (!channel) return false;
  return channel.applierRunning || (source !== null && (await isWritable(source)));
}

/** Whether the server that was to be the source is that, and the configuration says so. */
async function hasEnded(
  { replica, source, old }: Promoting,
  left: PromotionEntry,
): Promise<boolean> {
  if (!isSourceNow(left, source, old)) return false;
  if (!source) return (await channelsOf(replica)).some((channel) => isFrom(channel, old));
  return (await isWritable(source)) && (await channelOf(source, replica)) === null;
}

/** Whether the configuration now calls that server the source which was to become it; by address if it is gone. */
export function isSourceNow(
  { newSource, at }: PromotionEntry,
  source: Server | null,
  address: Address,
): boolean {
  return source ? source.uuid === newSource : at !== null && isSame(at.new, address);
}

/** Puts a promotion on record whose end was killed, if it is not. */
async function keepEnded(promoting: Promoting, left: PromotionEntry): Promise<void> {
  const { config, chosen, replica, old, observe, clock } = promoting;
  const { host, port } = replica.settings;
  const promotion = recordOf(left, {
    at: left.at ?? { old: { host, port }, new: { host: old.host, port: old.port } },
    finishedAt: clock.now().toISOString(),
    ...{ writesPausedSeconds: null, alone: null, others: [] },
    warnings: ['it was killed before its end: what came after that is not on record'],
  });
  try {
    const last = await withStore(
      chosen,
      async (store) => await newestPromotion(config, chosen, store),
    ).catch(() => null);
    if ((last?.id ?? '') < left.id) await keepPromotion(promoting, promotion);
  } catch (error) {
    await observe({ type: 'warning', text: reasonOf(error) });
  }
}

function isSame(one: Address, other: Address): boolean {
  return one.host === other.host && one.port === other.port;
}

function ofAnother(left: PromotionEntry): StillpointError {
  const { pair, kind, since, newSource, at } = left;
  const who = at ? `${at.new.host}:${at.new.port}` : `the server ${newSource}`;
  return new StillpointError(
    'refused',
    `the ${kind} of ${since} has not ended: ${who} is to be the source of ${pair}, and it is not the replica in the configuration`,
    {
      hint: `Name it as the replica, and the server that was the source before as the source, then: ${commandOf(left)}. If it was ended by hand, remove ${encodeURIComponent(pair)}.promotion.json from stateDir.`,
    },
  );
}

function commandOf({ pair, kind }: PromotionEntry): string {
  return `stillpoint pair promote ${pair}${kind === 'switchover' ? ' --switchover' : ''}`;
}
