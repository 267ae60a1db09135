import { identifier } from '../dialect/quote.js';
import type { ChannelStatus, Dialect, Row } from '../dialect/dialect.js';
import { number, text } from '../dialect/rows.js';
import { channelsOf } from '../pair/channels.js';
import type { Server } from '../pair/server.js';
import type { EventChange } from './eventAct.js';

/** SLAVESIDE_DISABLED was renamed by MySQL 8.2. */
const offHere = "STATUS IN ('SLAVESIDE_DISABLED', 'REPLICA_SIDE_DISABLED')";

/**
 * The events of a replica that are off because they came from its source, less those that are off on the
 * source too: a replica does not know. `source` is null when it cannot be asked. Of a replica with several
 * channels, those that came by this `channel` only.
 */
export async function waitingEvents(
  replica: Server,
  source: Server | null,
  channel: ChannelStatus | null = null,
): Promise<EventChange[]> {
  const rows = await replica.query(eventsWhere(offHere));
  const isShared = channel !== null && (await channelsOf(replica)).length > 1;
  const of = source === null ? null : await statusesOn(source);
  const found = rows.filter((row) => {
    const status = of?.get(keyOf(text(row, 'db'), text(row, 'name')));
    if (status !== undefined) return status === 'ENABLED';
    if (!isShared) return true;
    return of === null && number(row, 'originator') === channel.sourceServerId;
  });
  return found.map((row) => changeOf(row, (...of) => replica.dialect.enableEvent(...of)));
}

/** What turns off the events that run on a server which becomes a replica. */
export async function eventsOff(replica: Server): Promise<EventChange[]> {
  const rows = await replica.query(eventsWhere("STATUS = 'ENABLED'"));
  return rows.map((row) => changeOf(row, (...of) => replica.dialect.disableEvent(...of)));
}

function eventsWhere(condition: string): string {
  return `SELECT EVENT_SCHEMA AS db, EVENT_NAME AS name, DEFINER AS definer, ORIGINATOR AS originator, CHARACTER_SET_CLIENT AS charset, COLLATION_CONNECTION AS collation FROM information_schema.EVENTS WHERE ${condition} ORDER BY 1, 2`;
}

function changeOf(row: Row, word: Dialect['enableEvent']): EventChange {
  const [db, name] = [text(row, 'db'), text(row, 'name')];
  return {
    name: `${db}.${name}`,
    sql: word(`${identifier(db)}.${identifier(name)}`, accountOf(text(row, 'definer'))),
    charset: text(row, 'charset'),
    collation: text(row, 'collation'),
  };
}

async function statusesOn(source: Server): Promise<Map<string, string>> {
  const rows = await source.query(
    'SELECT EVENT_SCHEMA AS db, EVENT_NAME AS name, STATUS AS status FROM information_schema.EVENTS',
  );
  return new Map(
    rows.map((row) => [keyOf(text(row, 'db'), text(row, 'name')), text(row, 'status')]),
  );
}

function keyOf(database: string, event: string): string {
  return JSON.stringify([database, event]);
}

/** `user@host`, where only the host holds no @. */
function accountOf(definer: string): string {
  const at = definer.lastIndexOf('@');
  return `${identifier(definer.slice(0, at))}@${identifier(definer.slice(at + 1))}`;
}
