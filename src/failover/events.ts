import { identifier } from '../dialect/quote.js';
import type { ChannelStatus } from '../dialect/dialect.js';
import { number, text } from '../dialect/rows.js';
import { channelsOf } from '../pair/channels.js';
import type { Server } from '../pair/server.js';

/** An event to turn on. */
export interface WaitingEvent {
  /** `database.event`, for people. */
  name: string;
  sql: string;
}

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
): Promise<WaitingEvent[]> {
  const rows = await replica.query(
    `SELECT EVENT_SCHEMA AS db, EVENT_NAME AS name, DEFINER AS definer, ORIGINATOR AS originator FROM information_schema.EVENTS WHERE ${offHere} ORDER BY 1, 2`,
  );
  const isShared = channel !== null && (await channelsOf(replica)).length > 1;
  const of = source === null ? null : await statusesOn(source);
  const found = rows
    .map((row) => ({
      ...{ db: text(row, 'db'), name: text(row, 'name'), by: text(row, 'definer') },
      originator: number(row, 'originator'),
    }))
    .filter(({ db, name, originator }) => {
      const status = of?.get(keyOf(db, name));
      if (status !== undefined) return status === 'ENABLED';
      if (!isShared) return true;
      return of === null && originator === channel.sourceServerId;
    });
  return found.map(({ db, name, by }) => ({
    name: `${db}.${name}`,
    sql: replica.dialect.enableEvent(`${identifier(db)}.${identifier(name)}`, accountOf(by)),
  }));
}

/** Statements that turn off the events that run on a server which becomes a replica. */
export async function eventsOff(replica: Server): Promise<string[]> {
  const rows = await replica.query(
    "SELECT EVENT_SCHEMA AS db, EVENT_NAME AS name, DEFINER AS definer FROM information_schema.EVENTS WHERE STATUS = 'ENABLED' ORDER BY 1, 2",
  );
  return rows.map((row) => {
    const event = `${identifier(text(row, 'db'))}.${identifier(text(row, 'name'))}`;
    return replica.dialect.disableEvent(event, accountOf(text(row, 'definer')));
  });
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
