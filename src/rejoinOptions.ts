import type { Rescue } from './catalog/rescues.js';
import type { RejoinSeed } from './seedRejoined.js';
import type { Clock } from './util/clock.js';
import type { Observe } from './util/observe.js';

export interface RejoinOptions {
  pair?: string;
  /** Of a pair with several replicas the one that is to follow. Default: the server that was the source before. */
  replica?: string;
  /** Restore the server, though it could follow as it is. */
  reseed?: boolean;
  /** Restore it from there. Default: the newest backup where that will do, else the source. */
  seed?: RejoinSeed;
  /** Secret key of age, for backups that are encrypted. */
  identityFile?: string;
  /** Only say what would be done. */
  dryRun?: boolean;
  /** Asked before anything is changed; what it is given says what would happen. */
  confirm?: (what: string) => Promise<void>;
  signal?: AbortSignal;
  observe?: Observe;
  clock?: Clock;
}

/** What a rejoin did, or with `dryRun` would do. `nothing`: the server follows already. */
export interface RejoinResult {
  pair: string;
  status: 'following' | 'planned' | 'nothing';
  /** The server that takes writes, and the one that follows it now. */
  source: string;
  replica: string;
  engine: 'mysql' | 'mariadb';
  /** What the replica had of its own, and where that is saved; null for nothing. */
  rescued: Rescue | null;
  /** Where its data was restored from: a backup, or a dump of the source; null when it followed as it was. */
  seed: RejoinSeed | null;
  /** Id of the backup that it was restored from; null when it was none. */
  seededFrom: string | null;
  /** Why it was restored, as a clause; null when it was not. */
  seededBecause: string | null;
}
