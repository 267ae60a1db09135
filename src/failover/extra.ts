import { wasOldSource, type Promotion } from '../catalog/promotions.js';
import type { BinlogPosition } from '../dialect/dialect.js';
import { text } from '../dialect/rows.js';
import { StillpointError } from '../errors.js';
import { isPast } from '../pair/barrier.js';
import type { Server } from '../pair/server.js';
import { ownPosition } from './becomeSource.js';

/** Transactions that a server has and its new source has not. */
export interface Extra {
  /** For people: GTIDs, or a stretch of its binary log. */
  says: string;
  /** The GTIDs alone, as MySQL's programs take them; null elsewhere. */
  gtids: string | null;
  /** Where in the binary log of that server they begin at the earliest; null: anywhere. */
  from: BinlogPosition | null;
}

/**
 * What a server has that the source has not; null for nothing. Without GTIDs only the record of the promotion
 * tells, which knows up to where its binary log was applied. Throws `refused` where nobody knows.
 */
export async function extraOf(
  server: Server,
  source: Server,
  promotion: Promotion | null,
): Promise<Extra | null> {
  const isAbout = promotion !== null && wasOldSource(promotion, server);
  const from = isAbout ? promotion.received.position : null;
  if ((await hasGtids(server)) && (await hasGtids(source))) {
    const { dialect } = server;
    const ask = async (sql: string) => await server.query(sql);
    const says = await dialect.historyBeyond(ask, await historyOf(server), await historyOf(source));
    const gtids = dialect.version.flavour === 'mysql' ? says : null;
    return says === '' ? null : { says, gtids, from };
  }
  if (from === null) {
    throw new StillpointError(
      'refused',
      `nobody can tell what the ${server.who} has that the ${source.who} has not: there are no GTIDs, and no promotion is on record`,
      {
        hint: 'Say --reseed: its binary logs are saved, and it is restored from the newest backup.',
      },
    );
  }
  const at = await ownPosition(server);
  if (at === null || isPast(from, at)) return null;
  return {
    says: `${from.file}:${from.position} to ${at.file}:${at.position}`,
    gtids: null,
    from,
  };
}

async function hasGtids(server: Server): Promise<boolean> {
  const [row] = await server.query(server.dialect.gtidState());
  return server.dialect.parseGtidState(row ?? {}).written !== null;
}

async function historyOf(server: Server): Promise<string> {
  const [row] = await server.query(server.dialect.gtidHistory());
  return text(row ?? {}, 'history').replace(/\s/g, '');
}
