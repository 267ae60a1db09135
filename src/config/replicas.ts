import type { PairEntry, ServerConfig } from './schema.js';

/** A replica of a pair. */
export interface PairReplica {
  /** Null when the pair has `replica` rather than `replicas`. */
  name: string | null;
  server: ServerConfig;
  preference: number;
  /** Whether it may be paused. */
  backups: boolean;
}

/** All replicas of a pair, in the order of the file. */
export function replicasOf(pair: PairEntry): PairReplica[] {
  if (pair.replicas !== undefined)
    return Object.entries(pair.replicas).map(([name, { preference, backups, ...server }]) => ({
      ...{ name, server, preference, backups },
    }));
  if (pair.replica === undefined) return [];
  return [{ name: null, server: pair.replica, preference: 0, backups: true }];
}

/** The source and all replicas of a pair; none for no pair. */
export function serversOf(pair: PairEntry | undefined): ServerConfig[] {
  return pair ? [pair.source, ...replicasOf(pair).map(({ server }) => server)] : [];
}

/** How a replica is called in what is said of it: `replica of shop`, `replica east of shop`. */
export function replicaTitle(pair: string, replica: string | null): string {
  return replica === null ? `replica of ${pair}` : `replica ${replica} of ${pair}`;
}
