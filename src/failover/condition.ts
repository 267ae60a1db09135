import type { ChannelStatus } from '../dialect/dialect.js';
import { channelsOf } from '../pair/channels.js';
import { channelOf } from '../pair/following.js';
import { gtidStateOf, historyOf } from '../pair/position.js';
import type { Server } from '../pair/server.js';
import { userDatabases } from './wipe.js';

/**
 * What a server is to a source that it is to follow. `follows`: it does. `empty`: it holds nothing. `copy`:
 * all that it holds came from that source, which can go on from there. `strange`: anything else.
 */
export type Condition =
  | { kind: 'follows'; channel: ChannelStatus }
  | { kind: 'empty' }
  | { kind: 'copy'; gtid: string }
  | { kind: 'strange'; why: string };

/** Looks at a server. Changes nothing. */
export async function conditionOf(replica: Server, source: Server): Promise<Condition> {
  const channels = await channelsOf(replica);
  const [first] = channels;
  const own = await channelOf(replica, source);
  if (own && channels.length === 1) return { kind: 'follows', channel: own };
  if (first) return strange(`follows ${first.sourceHost}:${first.sourcePort}`);
  const databases = await userDatabases(replica);
  if (databases.length === 0) return { kind: 'empty' };
  const gtid = await copiedFrom(replica, source);
  return gtid === null ? strange(`holds ${databases.join(', ')}`) : { kind: 'copy', gtid };
}

function strange(why: string): Condition {
  return { kind: 'strange', why };
}

/** Where a copy of a source stands, by its GTIDs; null for what is none, or has no GTIDs to tell. */
async function copiedFrom(replica: Server, source: Server): Promise<string | null> {
  const { dialect } = replica;
  const { applied, written } = await gtidStateOf(replica);
  const gtid = applied ?? written;
  if (gtid === null || gtid === '') return null;
  const ask = async (sql: string) => await source.query(sql);
  const beyond = await dialect.historyBeyond(
    ask,
    await historyOf(replica),
    await historyOf(source),
  );
  if (beyond !== '') return null;
  return (await dialect.whyNotFrom(ask, gtid)) === '' ? gtid : null;
}
