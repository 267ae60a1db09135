import type { ChannelStatus } from '../dialect/dialect.js';
import { StillpointError } from '../errors.js';
import { channelsOf, channelTitle } from '../pair/channels.js';
import type { Server } from '../pair/server.js';
import { isFrom, type Identity } from '../pair/following.js';

/**
 * The channel by which a replica follows the source; an only one may name it otherwise than the configuration.
 * Null where it follows nobody, or another server for sure. Throws `refused` where it has several, none of
 * which is from that source.
 */
export async function channelFrom(
  replica: Server,
  source: Identity,
): Promise<ChannelStatus | null> {
  const channels = await channelsOf(replica);
  const found = channels.find((channel) => isFrom(channel, source));
  if (found) return found;
  const [only] = channels;
  if (channels.length < 2) return only && !isOther(only, source) ? only : null;
  const names = channels.map(({ name }) => `"${name}"`).join(', ');
  throw new StillpointError(
    'refused',
    `none of the channels of the ${replica.who} (${names}) is from ${source.host}:${source.port}`,
    { hint: 'Name the source in the configuration as SHOW REPLICA STATUS names it.' },
  );
}

function isOther(channel: ChannelStatus, { uuid, serverId }: Identity): boolean {
  if (uuid !== null && channel.sourceUuid !== null) return uuid !== channel.sourceUuid;
  return serverId !== null && channel.sourceServerId !== null;
}

/** Throws `refused` when what the replica would become is not what the source was. Changes nothing. */
export function refuseUnfit(replica: Server, channel: ChannelStatus): void {
  const title = `${channelTitle(channel)} of the ${replica.who}`;
  const { dialect } = replica;
  if (channel.applierErrno !== 0) {
    throw refused(
      `${title} is broken: ${channel.applierError}`,
      'What it has not applied would be lost. Mend that first, or promote another replica.',
    );
  }
  if (!channel.applierRunning) {
    throw refused(
      `${title} is stopped`,
      `What it has not applied would be lost. Start it, if nobody stopped it for a reason: ${dialect.startApplier(channel.name)};`,
    );
  }
  if (channel.filters.length > 0) {
    throw refused(
      `the ${replica.who} has replication filters (${channel.filters.join(', ')})`,
      'It lacks data that its source has. Promote a replica without filters.',
    );
  }
  if (channel.delaySeconds > 0) {
    throw refused(
      `the ${replica.who} applies everything ${channel.delaySeconds} s late, as it was told to`,
      'Set its delay to 0 first, so that it catches up (MASTER_DELAY or SOURCE_DELAY).',
    );
  }
}

function refused(message: string, hint: string): StillpointError {
  return new StillpointError('refused', message, { hint });
}
