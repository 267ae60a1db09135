import type { ChannelStatus } from './dialect/dialect.js';
import type { OpenState } from './failover/closing.js';
import { extraByGtid } from './failover/extra.js';
import type { RejoinEntry } from './failover/journal.js';
import { isClosed } from './pair/admin.js';
import { channelOf } from './pair/following.js';
import { historyOf } from './pair/position.js';
import type { Server } from './pair/server.js';

/** Whether a server follows its source, takes no writes, and has nothing of its own. */
export async function isSound(replica: Server, source: Server): Promise<boolean> {
  const channel = await channelOf(replica, source);
  return (
    channel !== null &&
    channel.applierRunning &&
    channel.receiver === 'running' &&
    (await isClosed(replica)) &&
    (await extraByGtid(replica, source)) === null
  );
}

/**
 * Whether a server is as a restore of it was left: nobody has opened it since, and what it has that the source has
 * not it had when it was closed. Of any other, what it has alone is saved before it is emptied.
 */
export async function isAsLeft(
  server: Server,
  source: Server,
  { wasWritable }: OpenState,
  left: RejoinEntry | null,
): Promise<boolean> {
  if (wasWritable) return false;
  const extra = await extraByGtid(server, source);
  return extra === null || left?.history === (await historyOf(server));
}

/** Whether a channel will not go on by itself. */
export function isStuck(channel: ChannelStatus | null): boolean {
  if (channel === null) return false;
  const { receiver, receiverErrno, applierErrno } = channel;
  return applierErrno !== 0 || (receiver === 'stopped' && receiverErrno !== 0);
}
