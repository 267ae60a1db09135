import type { Promotion } from './catalog/promotions.js';
import { reasonOf } from './errors.js';
import { channelFrom } from './failover/fit.js';
import type { PromotionEntry } from './failover/journal.js';
import { turn, whyLeft, type Turning } from './failover/turn.js';
import type { Promoting } from './finishPromotion.js';
import { journalAt } from './freeze/journal.js';
import { endFreeze } from './freeze/recover.js';
import { perform, statement } from './pair/act.js';
import { openAdmin, replicationAccount } from './pair/admin.js';
import { channelsOf } from './pair/channels.js';
import { channelOf } from './pair/following.js';
import { withLock } from './pair/lock.js';
import type { Server } from './pair/server.js';
import { withReplicas, type OpenReplica } from './replicasOpen.js';

type Moved = Promotion['others'][number];

/**
 * Turns the other replicas of a pair to its new source. One that has what the new source lacks, of which nobody can
 * tell where it is to go on, or that does not work, is left as it is.
 */
export async function moveOthers(promoting: Promoting, entry: PromotionEntry): Promise<Moved[]> {
  const { chosen, observe } = promoting;
  const { replicaName } = chosen;
  if (replicaName === null || Object.keys(chosen.pair.replicas ?? {}).length < 2) return [];
  await observe({ type: 'step', step: 'move-others' });
  const moved: Moved[] = [];
  await withReplicas(
    chosen,
    async (replicas) => {
      for (const one of replicas) moved.push(await moveOne(promoting, entry, one));
    },
    {
      open: async (server, who) => await openAdmin(server, chosen.pair.admin, who),
      wanted: ({ name }) => name !== replicaName,
    },
  );
  return moved;
}

async function moveOne(
  promoting: Promoting,
  entry: PromotionEntry,
  { name, opened, reason }: OpenReplica,
): Promise<Moved> {
  const result = { name: name ?? '' };
  try {
    const why = opened
      ? await withLock(opened, async () => await move(promoting, entry, result.name, opened))
      : reason;
    return { ...result, status: why === null ? 'following' : 'left', reason: why };
  } catch (error) {
    return { ...result, status: 'left', reason: reasonOf(error) };
  }
}

/** Null when it follows the new source, else why not. */
async function move(
  promoting: Promoting,
  entry: PromotionEntry,
  name: string,
  server: Server,
): Promise<string | null> {
  const { kind, switched } = entry;
  const { config, chosen, replica: source, signal, observe, dryRun } = promoting;
  const how = { signal, observe, dryRun };
  const own = { name, uuid: server.uuid };
  if (!dryRun) await endFreeze(server, await journalAt(config.stateDir, chosen.name, own), observe);
  const follows = await channelOf(server, source);
  if (follows) {
    const runs = follows.applierRunning && follows.receiver !== 'stopped';
    const start = statement(server, server.dialect.startReplica(follows.name));
    await perform(runs ? [] : [start], how);
    return null;
  }
  if ((await channelsOf(server)).length > 1) return 'it follows several servers';
  const { host, port } = promoting.old;
  const channel = await channelFrom(server, promoting.old);
  if (channel === null) return `it does not follow ${host}:${port}`;
  if (!switched) throw new Error('the promotion has not come so far');
  if (!switched.moving.includes(name)) {
    const why = whyLeft(channel);
    if (why !== null) return why;
    switched.moving.push(name);
    if (!dryRun) await promoting.journal.write(entry);
  }
  const account = await replicationAccount(chosen.pair);
  const old = kind === 'switchover' ? promoting.source : null;
  const turning: Turning = { server, source, channel, old, account, kind, switched };
  return await turn(turning, how);
}
