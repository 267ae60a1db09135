import { wasOldSource, type Promotion } from '../catalog/promotions.js';
import type { Server } from '../pair/server.js';
import { variablesOf } from '../pair/variables.js';

/**
 * Why a server that died as a source may lack what its binary log says that it has, as a sentence; null where it
 * cannot. Seen with MySQL 9.7 after SIGKILL: a second of commits was in its GTIDs, but not in its tables.
 */
export async function mayHaveLost(
  server: Server,
  promotion: Promotion | null,
): Promise<string | null> {
  if (promotion?.kind !== 'failover' || !wasOldSource(promotion, server)) return null;
  const names = ['innodb_flush_log_at_trx_commit', 'sync_binlog'];
  const values = await variablesOf(server, names);
  const loose = names.find((name) => values.get(name) !== '1');
  if (loose === undefined) return null;
  return `with ${loose} = ${values.get(loose) ?? '?'} the ${server.who} may have lost what it had committed when it died`;
}
