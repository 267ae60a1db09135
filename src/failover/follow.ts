import { setTimeout as sleep } from 'node:timers/promises';
import type { BinlogPosition } from '../dialect/dialect.js';
import { StillpointError } from '../errors.js';
import { doing, statement, type Act } from '../pair/act.js';
import { replicatesByTls, type ReplicationAccount } from '../pair/admin.js';
import { barrierOf, reachBarrier, type ReachOptions } from '../pair/barrier.js';
import { channelsOf } from '../pair/channels.js';
import { gtidStateOf } from '../pair/position.js';
import type { Server } from '../pair/server.js';
import { channelOf, leadsTo } from '../pair/following.js';

/** What a server needs to follow the one that took its source's place. */
export interface FollowOptions {
  source: Server;
  account: ReplicationAccount;
  /** Name of the channel. */
  channel: string;
  /** Where the new source's binary log stood before its first write; used where there are no GTIDs. */
  opensAt: BinlogPosition | null;
  /** For a dry run: by then it follows nobody. */
  isNew?: boolean;
}

/**
 * What makes a server that has nothing of its own follow its source; nothing where it does. Throws `refused`
 * where it could not be told from where.
 */
export async function followActs(follower: Server, options: FollowOptions): Promise<Act[]> {
  const { source, account, channel, opensAt, isNew = false } = options;
  const { dialect, settings } = follower;
  const { host, port } = source.settings;
  const start = statement(follower, dialect.startReplica(channel));
  const { written } = await gtidStateOf(source);
  const follows = isNew ? null : await channelOf(follower, source);
  if (follows?.name === channel && (leadsTo(follows, source) || written === null)) return [start];
  const isThere = !isNew && (await channelsOf(follower)).some(({ name }) => name === channel);
  const from = written !== null ? { gtid: written } : opensAt && { position: opensAt };
  if (from === null) {
    throw new StillpointError(
      'refused',
      `the ${source.who} writes no binary log: the ${follower.who} cannot follow it`,
      { hint: `Set log_bin in its option file; then \`stillpoint pair rejoin\`.` },
    );
  }
  const tls = await replicatesByTls(source);
  const address = { host, port, ...account, tls, channel };
  const shown = dialect.changeSource({ ...address, password: '…' }, from);
  return [
    ...(isThere ? [statement(follower, dialect.stopReplica(channel))] : []),
    ...dialect.takeOwnWrites().map((sql) => statement(follower, sql)),
    doing(follower, shown, async () => {
      await follower.query(dialect.changeSource(address, from), settings.connectTimeout + 60);
    }),
    start,
  ];
}

/** Seconds in which a follower finds its source. */
const connects = 20;
/** Seconds after which a source has told a receiver that it cannot send what that asks for. */
const settles = 1;

/** Waits until a follower has what its source has written until now, and its receiver is not turned away. */
export async function caughtUp(
  follower: Server,
  source: Server,
  options: ReachOptions,
): Promise<void> {
  const barrier = await barrierOf(source);
  const reach = async () => {
    await reachBarrier(follower, barrier, { connects, ...options });
  };
  try {
    await reach();
    // A receiver that is turned away runs for a moment, and who lacks nothing has reached the barrier then.
    await sleep(settles * 1000);
    await reach();
  } catch (error) {
    if (!(error instanceof StillpointError) || error.code !== 'refused') throw error;
    throw new StillpointError('failed', error.message, {
      hint: `It follows, but is not there yet: look at it with \`stillpoint status\`; \`stillpoint pair rejoin\` mends what went apart.`,
      cause: error,
    });
  }
}
