import { channelsOf } from '../pair/channels.js';
import { isWritable } from '../pair/admin.js';
import { statement, type Act } from '../pair/act.js';
import type { Server } from '../pair/server.js';

/** What ends a server's following of its source; nothing where that is done. */
export async function leaveActs(replica: Server, channel: string): Promise<Act[]> {
  const { dialect } = replica;
  const isThere = (await channelsOf(replica)).some(({ name }) => name === channel);
  if (!isThere) return [];
  const statements = [dialect.stopReplica(channel), dialect.forgetSource(channel)];
  return statements.map((sql) => statement(replica, sql));
}

/** What makes a server take writes; nothing where it does. */
export async function openActs(server: Server): Promise<Act[]> {
  return (await isWritable(server)) ? [] : [statement(server, server.dialect.openForWrites())];
}
