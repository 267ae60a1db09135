import type { ChannelStatus } from '../dialect/dialect.js';
import { number } from '../dialect/rows.js';
import { channelsOf } from './channels.js';
import type { Server } from './server.js';

/** A server as a channel may know it, as far as it is known. */
export interface Identity {
  host: string;
  port: number;
  uuid: string | null;
  serverId: number | null;
}

/** Of a server that answers. */
export async function identityOf(server: Server): Promise<Identity> {
  const { host, port } = server.settings;
  const [row] = await server.query('SELECT @@GLOBAL.server_id AS id');
  return { host, port, uuid: server.uuid, serverId: number(row ?? {}, 'id') };
}

/** Whether a channel is from this server, by what is known of both. */
export function isFrom(channel: ChannelStatus, source: Identity): boolean {
  if (channel.sourceUuid !== null && source.uuid !== null)
    return channel.sourceUuid === source.uuid;
  if (channel.sourceServerId !== null && source.serverId !== null)
    return channel.sourceServerId === source.serverId;
  return channel.sourceHost === source.host && channel.sourcePort === source.port;
}

/**
 * Whether a channel that names this server by its id does lead there: one that was turned to another, and does not
 * reach it, tells the id of the one before still.
 */
export function leadsTo(
  { receiver, sourceHost, sourcePort }: ChannelStatus,
  { settings: { host, port } }: Server,
): boolean {
  return receiver === 'running' || (sourceHost === host && sourcePort === port);
}

/** The channel by which a server follows one that answers; null where it does not. */
export async function channelOf(follower: Server, source: Server): Promise<ChannelStatus | null> {
  const from = await identityOf(source);
  // One that was turned to it, but has not connected yet, knows the uuid and the id of the server before.
  const isTurned = ({ sourceHost, sourcePort }: ChannelStatus) =>
    sourceHost === from.host && sourcePort === from.port;
  const channels = await channelsOf(follower);
  return channels.find((channel) => isTurned(channel) || isFrom(channel, from)) ?? null;
}
