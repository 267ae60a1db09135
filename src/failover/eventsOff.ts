import { statement, type Act } from '../pair/act.js';
import { isWritable } from '../pair/admin.js';
import { closeAct } from '../pair/closeWrites.js';
import type { Server } from '../pair/server.js';
import { eventAct } from './eventAct.js';
import { eventsOff } from './events.js';

/**
 * What turns off the events of a replica that run, but for those named, and leaves it closed for writes; nothing
 * where none runs.
 */
export async function eventsOffActs(
  replica: Server,
  except: readonly string[] = [],
): Promise<Act[]> {
  const events = (await eventsOff(replica)).filter(({ name }) => !except.includes(name));
  if (events.length === 0) return [];
  const { dialect } = replica;
  const admit = (await isWritable(replica)) ? [] : dialect.admitPrivileged();
  return [
    ...admit.map((sql) => statement(replica, sql)),
    ...events.map((event) => eventAct(replica, event, { isLogged: false })),
    closeAct(replica),
  ];
}
