import { statement, type Act } from '../pair/act.js';
import { isWritable } from '../pair/admin.js';
import { closeAct } from '../pair/closeWrites.js';
import type { Server } from '../pair/server.js';
import { eventAct } from './eventAct.js';
import { eventsOff } from './events.js';

export interface EventsOffOptions {
  /** `database.event` of those that are left alone. */
  except?: readonly string[];
  /** For a dry run: by then it has the events of this server. */
  as?: Server | null;
  /** Whether it takes writes by then. Default: as it is now. */
  isOpen?: boolean;
}

/**
 * What turns off the events of a replica that run, and leaves it closed for writes; nothing where none runs.
 */
export async function eventsOffActs(
  replica: Server,
  { except = [], as = null, ...options }: EventsOffOptions = {},
): Promise<Act[]> {
  const running = await eventsOff(as ?? replica);
  const events = running.filter(({ name }) => !except.includes(name));
  if (events.length === 0) return [];
  const { dialect } = replica;
  const isOpen = options.isOpen ?? (await isWritable(replica));
  const admit = isOpen ? [] : dialect.admitPrivileged();
  return [
    ...admit.map((sql) => statement(replica, sql)),
    ...events.map((event) => eventAct(replica, event, { isLogged: false })),
    closeAct(replica),
  ];
}
