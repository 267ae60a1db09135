import type { ChannelStatus } from '../dialect/dialect.js';
import type { Server } from './server.js';

/** Every replication channel of a server, sorted by name. Empty for a server that replicates nothing. */
export async function channelsOf(server: Server): Promise<ChannelStatus[]> {
  const rows = await server.query(server.dialect.replicaStatus(), 30);
  return rows
    .map((row) => server.dialect.parseReplicaStatus(row))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** How a channel is called in messages: MySQL and MariaDB leave the default one nameless. */
export function channelTitle(channel: { name: string }): string {
  return channel.name === '' ? 'the SQL thread' : `the SQL thread of channel "${channel.name}"`;
}

/** Values of GLOBAL STATUS by name; names the server does not know are absent. */
export async function globalStatus(
  server: Server,
  names: readonly string[],
): Promise<Map<string, number>> {
  const list = names.map((name) => `'${name}'`).join(', ');
  const rows = await server.query<{ Variable_name: string; Value: string }>(
    `SHOW GLOBAL STATUS WHERE Variable_name IN (${list})`,
  );
  return new Map(rows.map((row) => [row.Variable_name, Number(row.Value)]));
}
