import { wasNewSource, wasOldSource, type Promotion } from './catalog/promotions.js';
import { withReplica, type ChosenPair } from './config/choose.js';
import { replicaTitle } from './config/replicas.js';
import type { Config, ServerConfig } from './config/schema.js';
import { StillpointError } from './errors.js';
import { openPromotionJournal } from './failover/journal.js';
import { lastPromotionOf } from './keepPromotion.js';
import { addressOf } from './pair/act.js';
import { isWritable, openAdmin, requireAdmin } from './pair/admin.js';
import { channelsOf } from './pair/channels.js';
import type { Server } from './pair/server.js';
import { withReplicas, type OpenReplica } from './replicasOpen.js';
import type { Store } from './store/store.js';

/** A server of a pair, and how it is reached. */
export interface Member {
  settings: ServerConfig;
  server: Server;
}

/** Who takes writes, and who is to follow. */
export interface Members {
  source: Member;
  replica: Member;
  /** The last promotion on record. */
  promotion: Promotion | null;
}

/**
 * Runs `body` with the server that takes writes, which is the one that was promoted last, and the one that is to
 * follow it: the replica that was `asked` for, else the one that was the source before. Throws `refused` when the
 * first is no source, `usage` when nobody can tell which is the second.
 */
export async function withMembers<T>(
  config: Config,
  chosen: ChosenPair,
  store: Store,
  asked: string | undefined,
  body: (members: Members) => Promise<T>,
): Promise<T> {
  const { name, pair } = asked === undefined ? chosen : withReplica(chosen, asked);
  const promotion = await lastPromotionOf(config, chosen, store);
  const opened: Server[] = [];
  const open = async (settings: ServerConfig, who: string): Promise<Member> => {
    const server = await openAdmin(settings, pair.admin, who);
    opened.push(server);
    return { settings, server };
  };
  const openSource = async () => await open(pair.source, `source of ${name}`);
  return await withReplicas(
    chosen,
    async (replicas) => {
      // Opened once more where it failed, for the reason.
      const member = async (one: OpenReplica): Promise<Member> =>
        one.opened
          ? { settings: one.server, server: one.opened }
          : await open(one.server, replicaTitle(name, one.name));
      const promoted = replicas.find(
        ({ opened: one }) => one && promotion && wasNewSource(promotion, one),
      );
      const wanted = replicas.find((one) => asked !== undefined && one.name === asked);
      try {
        if (promoted && promoted === wanted) throw isTheSource(promoted);
        const source = promoted ? await member(promoted) : await openSource();
        const only = replicas.length === 1 ? replicas[0] : undefined;
        const former = replicas.find(
          ({ opened: one }) => one && promotion && wasOldSource(promotion, one),
        );
        const other = wanted ?? (promoted ? undefined : (only ?? former));
        if (!other && !promoted) throw whichOne(name, replicas);
        const replica = other ? await member(other) : await openSource();
        if (promotion && !promoted && wasOldSource(promotion, source.server)) {
          const { host, port } = promotion.newSource;
          throw noSource(source.server, `was replaced by ${host}:${port}, which does not answer`);
        }
        for (const { server } of [source, replica]) await requireAdmin(server, pair.admin);
        await refuseNoSource(source.server, replica.server);
        // Of one that was killed before it was put on record its journal tells.
        const left = await openPromotionJournal(config.stateDir, name).read();
        const isTold =
          (promotion !== null && wasNewSource(promotion, source.server)) ||
          (left?.phase === 'switching' && left.newSource === source.server.uuid);
        if (!isTold) await refuseTwoSources(source.server, replica.server);
        return await body({ source, replica, promotion });
      } finally {
        for (const server of opened) server.close();
      }
    },
    { open: async (server, who) => await openAdmin(server, pair.admin, who) },
  );
}

/** Throws `refused` when the source is none: it takes no writes, or follows the other, or a third. */
async function refuseNoSource(server: Server, replica: Server): Promise<void> {
  const [channel] = await channelsOf(server);
  const { host, port } = replica.settings;
  const isTurned = channel?.sourceHost === host && channel.sourcePort === port;
  if (channel && !isTurned && (await isWritable(server))) {
    throw new StillpointError(
      'refused',
      `the ${server.who} follows ${channel.sourceHost}:${channel.sourcePort} too: what comes from there would come to ${addressOf(replica)} as well`,
      { hint: 'To make it a copy of all that the source holds: stillpoint pair setup --replace' },
    );
  }
  if (channel) throw noSource(server, `follows ${channel.sourceHost}:${channel.sourcePort}`);
  if (!(await isWritable(server))) throw noSource(server, 'takes no writes');
}

/** Throws `refused` where both take writes and follow nobody, so that only a record could tell which is the source. */
async function refuseTwoSources(source: Server, replica: Server): Promise<void> {
  if (!(await isWritable(replica)) || (await channelsOf(replica)).length > 0) return;
  throw new StillpointError(
    'refused',
    `both ${addressOf(source)} and ${addressOf(replica)} take writes, and no promotion is on record that tells which is the source`,
    {
      hint: 'What the other one has would be taken from it. Name the source as such in the configuration, and run on the one that is to follow: SET GLOBAL read_only = ON;',
    },
  );
}

function noSource({ who }: Server, why: string): StillpointError {
  return new StillpointError('refused', `the ${who} ${why}: it is no source`, {
    hint: 'Name the server that takes writes as source in the configuration, or let it with: stillpoint pair promote',
  });
}

function isTheSource({ name, opened }: OpenReplica): StillpointError {
  const at = opened ? ` (${addressOf(opened)})` : '';
  return new StillpointError('refused', `${name ?? 'the replica'}${at} is the source now`, {
    hint: 'Name another one with --replica; without it the old source is taken.',
  });
}

function whichOne(pair: string, replicas: readonly OpenReplica[]): StillpointError {
  return new StillpointError('usage', `which replica of ${pair} is to follow its source?`, {
    hint: `Name it with --replica: ${replicas.flatMap(({ name }) => name ?? []).join(', ')}.`,
  });
}
