import type { Followed } from './sourcesOfBackup.js';
import type { Checked } from './restore/check.js';
import type { Definer } from './restore/definers.js';
import type { Observe } from './util/observe.js';

export interface RestoreBackupOptions {
  /** Id, `latest`, or a label. */
  backup: string;
  pair?: string;
  /** Name of a target in the configuration. */
  to: string;
  /** `db` or `db.table`; everything when left out. */
  only?: string;
  /** Databases that get another name: the old one to the new one. */
  rename?: Readonly<Record<string, string>>;
  /** Whose rights views and stored programs run with. Default `keep`: the accounts in the backup. */
  definer?: Definer;
  /** Databases of the target, by the names they are to have, that may be dropped. */
  replace?: readonly string[];
  /** Create users, roles and grants too. Always done with `attach`, unless false. */
  accounts?: boolean;
  /** Make the target a replica of the pair's source at the recorded coordinates. */
  attach?: boolean;
  /** Which server of the pair to attach it to; `replica` only where both take writes. Default: `source`. */
  attachTo?: Followed;
  /** Compare what is there at the end with the manifest. */
  check?: boolean;
  intoPairMember?: boolean;
  identityFile?: string;
  parallel?: number;
  /** Only check what can be checked, and say what would be done. */
  dryRun?: boolean;
  /** In a dry run: the target will have been emptied by then. */
  asIfEmpty?: boolean;
  /** Asked before anything is dropped or attached; what it is given says what would happen. */
  confirm?: (what: string) => Promise<void>;
  signal?: AbortSignal;
  observe?: Observe;
}

/** What a restore did, or with `dryRun` would do. */
export interface RestoreResult {
  backup: string;
  pair: string;
  target: string;
  status: 'restored' | 'planned';
  /** Address of the store, for people. */
  store: string;
  /** Version and address of the target, for people. */
  server: string;
  /** By their names in the backup. */
  databases: string[];
  /** Those that get another name. */
  renamed: Record<string, string>;
  table: string | null;
  definer: Definer;
  parts: number;
  bytes: { plain: number; stored: number };
  /** As the newest drill that passed has measured; null when none has. */
  estimatedSeconds: number | null;
  /** The interrupted restore that this one goes on with: when it began, and how many parts it loaded. */
  continued: { since: string; parts: number } | null;
  seconds: number;
  /** What was compared with the backup, and was equal; null when it was not asked for. */
  checked: Checked | null;
  attached: boolean;
  /** The server of the pair that `attached` and `attachStatements` are about. */
  attachTo: Followed;
  /** What makes the target follow it; the password is left out. */
  attachStatements: string[];
  warnings: string[];
}
