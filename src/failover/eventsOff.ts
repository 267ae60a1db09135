import { statement, type Act } from '../pair/act.js';
import { isWritable } from '../pair/admin.js';
import type { Server } from '../pair/server.js';
import { eventsOff } from './events.js';
import { unlogged } from './wipe.js';

/** What turns off the events of a replica that run, and leaves it closed for writes; nothing where none runs. */
export async function eventsOffActs(replica: Server): Promise<Act[]> {
  const events = await eventsOff(replica);
  if (events.length === 0) return [];
  const { dialect } = replica;
  const admit = (await isWritable(replica)) ? [] : dialect.admitPrivileged();
  return [
    ...admit.map((sql) => statement(replica, sql)),
    ...events.map((sql) => unlogged(replica, sql)),
    statement(replica, dialect.closeForWrites()),
  ];
}
