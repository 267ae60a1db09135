import { wasOldSource, type Promotion } from '../catalog/promotions.js';
import type { BinlogPosition } from '../dialect/dialect.js';
import { gtidStateOf, historyOf, ownPosition } from '../pair/position.js';
import type { Server } from '../pair/server.js';
import { loggedSince } from './loggedSince.js';

/** Transactions that a server has and its new source has not. */
export interface Extra {
  /** For people: GTIDs, or a stretch of its binary log. */
  says: string;
  /** The GTIDs alone, as MySQL's programs take them; null elsewhere. */
  gtids: string | null;
  /** Where in the binary log of that server they begin at the earliest; null: anywhere. */
  from: BinlogPosition | null;
  /** Why nobody can tell what of it the source has as well, as a clause; null where one can. */
  doubt: string | null;
}

/**
 * What a server has that the source has not; null for nothing. Without GTIDs only the record of the promotion
 * tells, which knows up to where its binary log was applied. Where nobody knows, it is all of its binary logs.
 */
export async function extraOf(
  server: Server,
  source: Server,
  promotion: Promotion | null,
): Promise<Extra | null> {
  const isAbout = promotion !== null && wasOldSource(promotion, server);
  const from = isAbout ? promotion.received.position : null;
  if (await goByGtid(server, source)) {
    const extra = await extraByGtid(server, source);
    return extra && { ...extra, from };
  }
  if (from === null) return await all(server, 'no promotion of it is on record');
  const logged = await loggedSince(server, from);
  if (logged.kind === 'unknown') return await all(server, logged.why);
  return logged.kind === 'nothing' ? null : await stretch(server, logged.first, null);
}

async function all(server: Server, why: string): Promise<Extra | null> {
  const doubt = `there are no GTIDs, and ${why}: nobody can tell what it had of its own`;
  return await stretch(server, null, doubt);
}

async function stretch(
  server: Server,
  from: BinlogPosition | null,
  doubt: string | null,
): Promise<Extra | null> {
  const at = await ownPosition(server);
  if (at === null) return null;
  const says = `${from === null ? 'all binary logs' : `${from.file}:${from.position}`} to ${at.file}:${at.position}`;
  return { says, gtids: null, from, doubt };
}

/** The same by GTIDs alone; null also where there are none. */
export async function extraByGtid(server: Server, source: Server): Promise<Extra | null> {
  if (!(await goByGtid(server, source))) return null;
  const { dialect } = server;
  const ask = async (sql: string) => await server.query(sql);
  const says = await dialect.historyBeyond(ask, await historyOf(server), await historyOf(source));
  const gtids = dialect.version.flavour === 'mysql' ? says : null;
  return says === '' ? null : { says, gtids, from: null, doubt: null };
}

/** Whether all of these servers have GTIDs. */
export async function goByGtid(...servers: readonly Server[]): Promise<boolean> {
  for (const server of servers) if ((await gtidStateOf(server)).written === null) return false;
  return true;
}
