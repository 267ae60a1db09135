import { wasNewSource, type Promotion } from './catalog/promotions.js';
import { reasonOf } from './errors.js';
import { openKeptPromotions } from './failover/keptPromotions.js';
import { whyLeft } from './failover/turn.js';
import { leftText } from './finishPromotion.js';
import { lastPromotionOf, withStore } from './keepPromotion.js';
import { addressOf } from './pair/act.js';
import { isWritable, openAdmin } from './pair/admin.js';
import { channelsOf } from './pair/channels.js';
import { channelOf, isFrom, type Identity } from './pair/following.js';
import type { Server } from './pair/server.js';
import type { PromoteResult } from './promoteOptions.js';
import type { Promoter } from './promoteRefusals.js';
import { withReplicas } from './replicasOpen.js';

/**
 * The promotion by which the replica became the source that it is; null where it is none. A store that is down
 * hinders nothing.
 */
export async function alreadyPromoted(
  { config, chosen, replica, options }: Promoter,
  old: Identity,
): Promise<Promotion | null> {
  if (!(await isWritable(replica))) return null;
  if ((await channelsOf(replica)).some((one) => isFrom(one, old))) return null;
  const read = async () =>
    await withStore(chosen, async (store) => await lastPromotionOf(config, chosen, store));
  const promotion = await read().catch(async (error: unknown) => {
    await options.observe?.({ type: 'warning', text: reasonOf(error) });
    return (await openKeptPromotions(config.stateDir, chosen.name).read())?.at(-1);
  });
  return promotion && wasNewSource(promotion, replica) ? promotion : null;
}

/** Whether the other servers follow the one that was promoted, as it is now. */
export async function standingNow(
  { chosen, replica, source }: Promoter,
  { kind }: Promotion,
): Promise<Pick<PromoteResult, 'others' | 'warnings'>> {
  const { name: pair, replicaName } = chosen;
  const others = await withReplicas(
    chosen,
    async (replicas) =>
      await Promise.all(
        replicas.map(async ({ name, opened, reason }): Promise<Promotion['others'][number]> => {
          const why = opened ? await whyNot(opened, replica) : reason;
          return { name: name ?? '', status: why === null ? 'following' : 'left', reason: why };
        }),
      ),
    {
      open: async (server, who) => await openAdmin(server, chosen.pair.admin, who),
      wanted: ({ name }) => name !== replicaName,
    },
  );
  const warnings = others
    .filter(({ status }) => status === 'left')
    .map(({ name, reason }) => leftText(pair, name, reason));
  // A source that was gone is not expected to.
  if (kind === 'switchover' && source && (await channelOf(source, replica)) === null)
    warnings.push(
      `${addressOf(source)} does not follow the new source. \`stillpoint pair rejoin ${pair}\` lets it`,
    );
  return { others, warnings };
}

/** Why a server does not follow a source, as a clause; null where it does. */
async function whyNot(follower: Server, source: Server): Promise<string | null> {
  const channel = await channelOf(follower, source);
  if (channel) return whyLeft(channel);
  const [other] = await channelsOf(follower);
  return other ? `it follows ${other.sourceHost}:${other.sourcePort}` : 'it follows nobody';
}
