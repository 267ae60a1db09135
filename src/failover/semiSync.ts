import { statement, type Act } from '../pair/act.js';
import type { Server } from '../pair/server.js';
import { variablesOf } from '../pair/variables.js';

/** As MariaDB and older plugins of MySQL call it, and as newer ones do. */
const asSource = ['rpl_semi_sync_master_enabled', 'rpl_semi_sync_source_enabled'];
const asReplica = ['rpl_semi_sync_slave_enabled', 'rpl_semi_sync_replica_enabled'];

/** Whether a server that is a source waits until a replica has what it commits. */
export interface SemiSync {
  /** Null where there is no such plugin. */
  variable: string | null;
  isOn: boolean;
  /** Whether it would acknowledge as a replica. */
  acknowledges: boolean;
}

export async function semiSyncOf(server: Server): Promise<SemiSync> {
  const values = await variablesOf(server, [...asSource, ...asReplica]);
  const variable = asSource.find((name) => values.has(name)) ?? null;
  return {
    variable,
    isOn: variable !== null && values.get(variable) === 'ON',
    acknowledges: asReplica.some((name) => values.get(name) === 'ON'),
  };
}

/**
 * What ends the waiting of a source that is to follow another one; nothing where it does not wait. Its applier would
 * wait, too, and nobody acknowledges to it (seen with MySQL 9.7 and MariaDB 10.11).
 */
export function semiSyncOff(server: Server, { variable, isOn }: SemiSync): Act[] {
  return isOn && variable !== null ? [statement(server, `SET GLOBAL ${variable} = OFF`)] : [];
}

/**
 * What makes a new source wait as the old one did, now that this follows it; nothing where it does so. Null where it
 * cannot: it has no such plugin, or the old one does not acknowledge, and it might wait for ever.
 */
export async function semiSyncOn(server: Server, old: SemiSync): Promise<Act[] | null> {
  const { variable, isOn } = await semiSyncOf(server);
  if (!old.isOn || isOn) return [];
  if (variable === null || !old.acknowledges) return null;
  return [statement(server, `SET GLOBAL ${variable} = ON`)];
}
