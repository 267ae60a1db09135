import { wasNewSource } from './catalog/promotions.js';
import { withReplica, type ChosenPair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { resolveServer } from './config/secret.js';
import { StillpointError } from './errors.js';
import { channelFrom } from './failover/fit.js';
import { openPromotionJournal } from './failover/journal.js';
import { receivedBeyond, type Receiver } from './failover/received.js';
import { newestPromotion, withStore } from './keepPromotion.js';
import { isSourceNow } from './leftPromotion.js';
import { isWritable, openAdmin } from './pair/admin.js';
import { channelsOf } from './pair/channels.js';
import { worstLag } from './pair/lag.js';
import type { Server } from './pair/server.js';
import { withReplicas, type OpenReplica } from './replicasOpen.js';

export interface PromotedOptions {
  /** The name of the replica that was asked for. */
  replica: string | undefined;
  /** Both servers are there: nothing is lost, whichever it is. */
  switchover: boolean;
  /** Null when it does not answer. */
  source: Server | null;
}

/** A pair with the replica to promote. */
export interface PickedPromoted {
  chosen: ChosenPair;
  /** What another one has that would be lost, or is not known, for a question; empty for nothing. */
  loss: string;
}

/** A replica that follows the source. */
interface Follower extends Receiver {
  name: string;
  preference: number;
  isCandidate: boolean;
}

/**
 * The replica that takes the place of the source: that of a promotion which has not ended, or that is the
 * source already, or was asked for; else the one that is kept for it (`backups: false`), else the one that
 * has received most. Throws `refused` when another one that answers has received more and this one was not
 * asked for.
 */
export async function pickPromoted(
  config: Config,
  chosen: ChosenPair,
  { replica: asked, switchover, source }: PromotedOptions,
): Promise<PickedPromoted> {
  const named = asked === undefined ? chosen : withReplica(chosen, asked);
  const { name, pair } = chosen;
  if (pair.replicas === undefined) return { chosen: named, loss: '' };
  return await withReplicas(
    chosen,
    async (replicas) => {
      const settled = await settledOn(config, chosen, replicas, { asked, source });
      if (settled !== null) return { chosen: withReplica(chosen, settled), loss: '' };
      const followers = await followersOf(chosen, replicas);
      const kept = followers.filter(({ isCandidate }) => isCandidate);
      const group = asked === undefined && kept.length > 0 ? kept : followers;
      const ranked = await rank(group, switchover);
      const best =
        asked === undefined ? ranked[0] : followers.find((follower) => follower.name === asked);
      // What is wrong with one that was asked for is said where it is opened.
      if (!best && asked !== undefined) return { chosen: named, loss: '' };
      if (!best) throw nobody(name, replicas);
      const more = switchover ? [] : await beyond(best, followers);
      const [better] = more;
      if (better && asked === undefined) throw notTheBest(name, best.name, better);
      const unknown = replicas.filter(({ opened }) => !opened && !switchover);
      const loss = [
        ...more.map((one) => `; ${one.name} has received more, which is lost (${one.gtids})`),
        ...unknown.map((one) => `; ${one.name ?? ''} does not answer: what it has is not known`),
      ].join('');
      return { chosen: withReplica(chosen, best.name), loss };
    },
    { open: async (server, who) => await openAdmin(server, pair.admin, who) },
  );
}

/** The name of the replica that there is no choice but to take; null where there is one. */
async function settledOn(
  config: Config,
  chosen: ChosenPair,
  replicas: readonly OpenReplica[],
  { asked, source }: { asked: string | undefined; source: Server | null },
): Promise<string | null> {
  const { name } = chosen;
  const left = await openPromotionJournal(config.stateDir, name).read();
  // One that the configuration names as the source has come to its end.
  const isSource =
    left !== null && isSourceNow(left, source, await resolveServer(chosen.pair.source));
  if (left && !isSource && (left.phase === 'switching' || asked === undefined)) {
    const begun = replicas.find(({ opened }) => opened?.uuid === left.newSource);
    if (begun && (asked === undefined || asked === begun.name)) return begun.name;
    const who = begun ? `replica ${begun.name ?? ''}` : `a replica that does not answer`;
    throw new StillpointError(
      'refused',
      `the promotion of ${left.since} has not ended: ${who} of ${name} is to be the source`,
      { hint: begun ? 'Leave out --replica, so that it goes on.' : 'Start that server again.' },
    );
  }
  for (const { name: replica, opened } of replicas) {
    if (!opened || !(await leads(opened, config, chosen))) continue;
    if (asked === undefined || asked === replica) return replica;
    throw new StillpointError(
      'refused',
      `replica ${replica ?? ''} of ${name} follows nobody and takes writes: it is the source already`,
      { hint: `\`stillpoint status ${name}\` shows all servers.` },
    );
  }
  return null;
}

/** Whether a replica takes writes and does not follow the source; others it may follow, once it was promoted. */
async function leads(server: Server, config: Config, chosen: ChosenPair): Promise<boolean> {
  if (!(await isWritable(server))) return false;
  const channels = await channelsOf(server);
  if (channels.length === 0) return true;
  const { host, port } = await resolveServer(chosen.pair.source);
  if (channels.some((channel) => channel.sourceHost === host && channel.sourcePort === port))
    return false;
  const read = async () =>
    await withStore(chosen, async (store) => await newestPromotion(config, chosen, store));
  // A store that is down hinders nothing.
  const promotion = await read().catch(() => null);
  return promotion !== null && wasNewSource(promotion, server);
}

async function followersOf(
  { pair }: ChosenPair,
  replicas: readonly OpenReplica[],
): Promise<Follower[]> {
  const { host, port } = await resolveServer(pair.source);
  const followers: Follower[] = [];
  for (const { name, preference, backups, opened } of replicas) {
    if (!opened || name === null) continue;
    const channel = await channelFrom(opened, { host, port, uuid: null, serverId: null }).catch(
      () => null,
    );
    if (channel)
      followers.push({ name, preference, isCandidate: !backups, server: opened, channel });
  }
  return followers;
}

/** The best one first. */
async function rank(followers: readonly Follower[], switchover: boolean): Promise<Follower[]> {
  const scored = await Promise.all(
    followers.map(async (follower) => {
      const exceededBy = switchover ? 0 : (await beyond(follower, followers)).length;
      return { follower, exceededBy, lag: worstLag([follower.channel]) ?? Infinity };
    }),
  );
  const order = scored.sort(
    (a, b) =>
      a.exceededBy - b.exceededBy ||
      b.follower.preference - a.follower.preference ||
      (a.lag === b.lag ? 0 : a.lag - b.lag),
  );
  return order.map(({ follower }) => follower);
}

/** The others that have received more, and what. */
async function beyond(
  one: Follower,
  followers: readonly Follower[],
): Promise<{ name: string; gtids: string }[]> {
  const found: { name: string; gtids: string }[] = [];
  for (const other of followers) {
    if (other === one) continue;
    const gtids = await receivedBeyond(other, one);
    if (gtids !== '') found.push({ name: other.name, gtids });
  }
  return found;
}

function nobody(pair: string, replicas: readonly OpenReplica[]): StillpointError {
  const reasons = replicas.map(
    ({ name, opened, reason }) => `${name ?? ''}: ${opened ? 'it does not follow it' : reason}`,
  );
  return new StillpointError(
    'refused',
    `no replica of ${pair} can take the place of its source: ${reasons.join('; ')}`,
    { hint: `\`stillpoint status ${pair}\` shows all servers.` },
  );
}

function notTheBest(
  pair: string,
  best: string,
  better: { name: string; gtids: string },
): StillpointError {
  return new StillpointError(
    'refused',
    `replica ${better.name} of ${pair} has received more than ${best}: ${better.gtids}`,
    {
      hint: `Promote that one with --replica ${better.name}; or lose what it has more with --replica ${best}.`,
    },
  );
}

/** Names of the replicas of a pair that are not promoted. */
export function otherReplicas({ pair, replicaName }: ChosenPair): string[] {
  return Object.keys(pair.replicas ?? {}).filter((name) => name !== replicaName);
}
