import { listDrills } from './catalog/drills.js';
import type { Manifest } from './catalog/records.js';
import { targetOf } from './config/choose.js';
import type { Config } from './config/schema.js';
import { StillpointError } from './errors.js';
import { decodingOf } from './decoding.js';
import { findClient } from './dump/tools.js';
import type { OpenBackup } from './openBackup.js';
import type { Server } from './pair/server.js';
import { sourceAddresses, type Followed } from './sourcesOfBackup.js';
import { attachStatements } from './restore/attach.js';
import { estimateSeconds } from './restore/estimate.js';
import type { LoadOptions } from './restore/loadPart.js';
import { databasesOf } from './restore/target.js';
import {
  ledgerPath,
  readLedger,
  sameRequest,
  type Asked,
  type LedgerEntry,
} from './restore/ledger.js';
import { checkRenames } from './restore/renames.js';
import type { Renames } from './restore/rename.js';
import { select, type RestoreSelection } from './restore/selection.js';
import type { RestoreBackupOptions, RestoreResult } from './restoreOptions.js';

/** What is asked of a restore, made out of its options and the backup's manifest. */
export interface RestoreRequest {
  asked: Asked;
  selection: RestoreSelection;
  renames: Renames;
  /** The databases by the names that they are to have. */
  databases: string[];
}

/** Throws `usage` for what the backup does not have, and for options that exclude each other. */
export function requestOf(manifest: Manifest, options: RestoreBackupOptions): RestoreRequest {
  const attach = options.attach === true;
  const asked: Asked = {
    only: options.only ?? null,
    rename: options.rename ?? {},
    definer: options.definer ?? 'keep',
    accounts: options.accounts ?? attach,
    attach,
  };
  if (attach && Object.keys(asked.rename).length > 0) {
    throw new StillpointError('usage', '--rename and --attach exclude each other', {
      hint: 'A replica needs every database under the name that it has on the source; leave one of the two out.',
    });
  }
  const selection = select(manifest, asked.only, asked.accounts);
  const renames = checkRenames(asked.rename, selection.databases);
  const databases = selection.databases.map((name) => renames.get(name) ?? name);
  return { asked, selection, renames, databases };
}

/** How a restore of this backup into this server was left the last time. */
export interface Left {
  path: string;
  /** What there is to go on from; null to begin anew. */
  entry: LedgerEntry | null;
  /** When one began that asked for something else, or null. */
  other: string | null;
}

/** Looks whether an earlier run was interrupted. `--replace` forgets it. */
export async function leftOf(
  config: Config,
  backup: string,
  target: Server,
  { asked, selection, renames }: RestoreRequest,
  replace: readonly string[],
): Promise<Left> {
  const path = ledgerPath(config.stateDir, backup, target.uuid);
  const entry = replace.length > 0 ? null : await readLedger(path);
  if (!entry) return { path, entry: null, other: null };
  if (!sameRequest(entry.asked, asked)) return { path, entry: null, other: entry.since };
  // Someone who dropped a database by hand begins anew.
  const present = await databasesOf(target);
  const isLost = selection.parts.some(
    ({ key, database }) =>
      database !== '' &&
      entry.loaded.includes(key) &&
      !present.includes(renames.get(database) ?? database),
  );
  return { path, entry: isLost ? null : entry, other: null };
}

/** The plan of a restore in the form of its result. */
export async function planOf(
  opened: OpenBackup,
  target: Server,
  manifest: Manifest,
  { left, follows, ...request }: RestoreRequest & { left: LedgerEntry | null; follows: Followed },
): Promise<Omit<RestoreResult, 'target' | 'status'>> {
  const { store, record, name } = opened;
  const { selection, renames, asked } = request;
  const { flavour, text: version } = target.dialect.version;
  const { host, port, socketPath } = target.settings;
  const loaded = selection.parts.filter(({ key }) => left?.loaded.includes(key) === true);
  const bytes = {
    plain: selection.parts.reduce((sum, part) => sum + part.plainBytes, 0),
    stored: selection.parts.reduce((sum, part) => sum + part.bytes, 0),
  };
  const still = bytes.plain - loaded.reduce((sum, part) => sum + part.plainBytes, 0);
  return {
    backup: record.id,
    pair: name,
    store: store.url,
    server: `${flavour === 'mariadb' ? 'MariaDB' : 'MySQL'} ${version} at ${socketPath ?? `${host}:${port}`}`,
    databases: selection.databases,
    renamed: Object.fromEntries(renames),
    table: selection.table,
    definer: asked.definer,
    parts: selection.parts.length,
    bytes,
    estimatedSeconds: estimateSeconds(still, await listDrills(store, name)),
    continued: left && { since: left.since, parts: loaded.length },
    seconds: 0,
    checked: null,
    attached: false,
    attachTo: follows,
    attachStatements:
      renames.size > 0
        ? []
        : attachStatements(target.dialect, record, await sourceAddresses(opened, false, follows)),
    warnings: asked.attach ? [] : warningsOf(manifest, selection),
  };
}

function warningsOf(manifest: Manifest, { databases, table }: RestoreSelection): string[] {
  if (table !== null) return [`triggers of ${table} are not restored with --only`];
  const events = manifest.databases
    .filter(({ name }) => databases.includes(name))
    .reduce((sum, database) => sum + database.events.length, 0);
  if (events === 0) return [];
  return [
    `${events} ${events === 1 ? 'event is' : 'events are'} off, as on the replica: ALTER EVENT … ENABLE those that should run`,
  ];
}

/** The ledger of a restore that begins. */
export function newEntry(backup: string, target: Server, { asked }: RestoreRequest): LedgerEntry {
  const since = new Date().toISOString();
  const nothing = { begun: [], loaded: [], mentions: [], lateKeys: [] };
  return { backup, target: target.uuid, asked, since, ...nothing };
}

/** The programs of a restore, and what they need. Throws when one is missing. */
export async function toolsOf(
  config: Config,
  { record, pair }: OpenBackup,
  target: Server,
  options: RestoreBackupOptions,
): Promise<Pick<LoadOptions, 'client' | 'zstd' | 'decrypt'>> {
  const { flavour } = target.dialect.version;
  const named = targetOf(config, options.to).tools.mysql ?? pair.tools.mysql;
  const client = await findClient('mysql', flavour, named);
  return {
    client: client.path,
    ...(await decodingOf(config, { record, pair }, options.identityFile)),
  };
}
