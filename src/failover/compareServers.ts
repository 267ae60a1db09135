import { goTo } from '../drill/catchUp.js';
import { comparableTables, compareSnapshot, openSnapshot } from '../drill/snapshot.js';
import type { Comparison, Snapshot } from '../drill/snapshot.js';
import { tableName } from '../drill/words.js';
import { takeInventory } from '../dump/inventory.js';
import { readCoordinates } from '../freeze/coordinates.js';
import { onSource, withReadLock } from '../freeze/readLock.js';
import type { Server } from '../pair/server.js';
import { sourceCoordinates } from './sourceCoordinates.js';

/** What the comparison of a replica with its source found. */
export interface ServersCompared extends Comparison {
  /** Tables that no snapshot covers: they cannot be compared without stopping the source. */
  loose: string[];
}

/** Every database. */
export const everything = { include: ['*'], exclude: [] };

/**
 * Compares every transactional table of a replica with its source. The source is locked for the moment that
 * it takes to open snapshots; the replica goes to just that point and stands still while it is read.
 */
export async function compareServers(
  source: Server,
  replica: Server,
  channel: string,
  { parallel, signal }: { parallel: number; signal: AbortSignal },
): Promise<ServersCompared> {
  const inventory = await takeInventory(source, everything);
  const all = await comparableTables(source, inventory);
  const tables = all.filter(({ transactional }) => transactional);
  // It must not be ahead of where the snapshots will stand.
  await replica.query(replica.dialect.stopReplica(channel));
  const opened: Snapshot[] = [];
  try {
    const read = async () => {
      opened.push(await openSnapshot(source, tables, { parallel, signal }));
      return sourceCoordinates(source, await readCoordinates(source, false), channel);
    };
    const at = await withReadLock(source, true, signal, read, onSource);
    await goTo(replica, at, signal);
    const [snapshot] = opened;
    if (!snapshot) throw new Error('the lock ended without its body');
    const found = await compareSnapshot(replica, snapshot, signal, 'the source');
    return { ...found, loose: all.filter((one) => !one.transactional).map(tableName) };
  } finally {
    for (const snapshot of opened) snapshot.close();
    await replica.query(replica.dialect.startReplica(channel));
  }
}
