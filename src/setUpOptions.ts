import type { ChosenSeed } from './chooseSeed.js';
import type { ChosenPair } from './config/choose.js';
import type { Config } from './config/schema.js';
import type { OptionLines } from './failover/optionLines.js';
import type { Seed } from './failover/setupJournal.js';
import type { Finding } from './pair/checks.js';
import type { Server } from './pair/server.js';
import type { Clock } from './util/clock.js';
import type { Observe } from './util/observe.js';

export interface SetUpPairOptions {
  pair?: string;
  /** Of a pair with several replicas the one to set up. */
  replica?: string;
  /** Where the replica's data comes from. Default: a backup where there is one that will do, else the source. */
  seed?: ChosenSeed['seed'];
  /** Whatever the replica holds may be removed first. */
  replace?: boolean;
  /** Compare all tables in the end. Default: true. */
  compare?: boolean;
  /** Secret key of age, for an encrypted backup. */
  identityFile?: string;
  parallel?: number;
  /** Only say what would be done. */
  dryRun?: boolean;
  /** Asked before anything is changed; what it is given says what would happen. */
  confirm?: (what: string) => Promise<void>;
  signal?: AbortSignal;
  observe?: Observe;
  clock?: Clock;
}

/** What a setup did, or with `dryRun` would do. `nothing`: the pair works already. */
export interface SetUpResult {
  pair: string;
  status: 'set-up' | 'planned' | 'nothing';
  source: string;
  replica: string;
  seed: Seed;
  /** What was looked at. */
  findings: Finding[];
  /** What was done, or would be, in its order: statements, and other acts behind `--`. `on`: the server's address. */
  acts: { on: string; says: string }[];
  /** Null where nothing was compared. */
  compared: { tables: number; notCompared: string[] } | null;
  /** What a person has to write, for each server where anything is missing. */
  optionFiles: OptionLines[];
  seconds: number;
}

/** A setup that goes on. */
export interface SettingUp {
  config: Config;
  chosen: ChosenPair;
  options: SetUpPairOptions;
  source: Server;
  replica: Server;
  signal: AbortSignal;
  observe: Observe;
  dryRun: boolean;
}
