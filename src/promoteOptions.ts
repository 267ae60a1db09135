import type { Promotion } from './catalog/promotions.js';
import type { Clock } from './util/clock.js';
import type { Observe } from './util/observe.js';

export interface PromoteOptions {
  pair?: string;
  /** Of a pair with several replicas the one to promote. Default: one is picked. */
  replica?: string;
  /** Both servers are there and change their roles. Else the source is gone. */
  switchover?: boolean;
  /** Whoever asks has seen to it that the source takes no writes, though it seems to live. */
  sourceFenced?: boolean;
  /** End a backup that holds the lock on the replica; else that is refused. */
  endBackup?: boolean;
  /** Seconds that applying the relay logs of a source that is gone may take. Default: a day. */
  within?: number;
  /** Only say what would be done. */
  dryRun?: boolean;
  /** Asked before anything is changed; what it is given says what would happen. */
  confirm?: (what: string) => Promise<void>;
  signal?: AbortSignal;
  observe?: Observe;
  clock?: Clock;
}

/** What a promotion did, or with `dryRun` would do. `nothing`: the replica is the source already. */
export interface PromoteResult {
  pair: string;
  status: 'promoted' | 'planned' | 'nothing';
  oldSource: string;
  newSource: string;
  /** Of a pair with several replicas the names of the others. */
  otherReplicas: string[];
  /** The same, and whether each follows the new source now, or with `dryRun` would. */
  others: Promotion['others'];
  /** What needs a person; those on record, or with `nothing` of what is not as it should be now. */
  warnings: string[];
  /** What is on record; null with `planned`, and where nobody has promoted it. */
  promotion: Promotion | null;
}
