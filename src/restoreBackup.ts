import { availableParallelism } from 'node:os';
import { readManifest } from './catalog/catalog.js';
import type { Manifest } from './catalog/records.js';
import { openBackup } from './openBackup.js';
import { optionFileText } from './config/option-file.js';
import { targetOf } from './config/choose.js';
import type { Config } from './config/schema.js';
import { resolveServer } from './config/secret.js';
import { decodingOf } from './decoding.js';
import { findClient } from './dump/tools.js';
import { openServer } from './pair/server.js';
import { memberIds, requireReplicationGrant, sourceOf, writtenOnSource } from './pairOfBackup.js';
import { attach, attachStatements, refuseSeveralSources } from './restore/attach.js';
import { restoreParts } from './restore/restore.js';
import { select, type RestoreSelection } from './restore/selection.js';
import { checkAttachable, checkTarget } from './restore/target.js';
import { ignore, type Observe } from './util/observe.js';
import { openOptionFile } from './util/optionFile.js';

export interface RestoreBackupOptions {
  /** Id, `latest`, or a label. */
  backup: string;
  pair?: string;
  /** Name of a target in the configuration. */
  to: string;
  /** `db` or `db.table`; everything when left out. */
  only?: string;
  /** Databases of the target that may be dropped. */
  replace?: readonly string[];
  /** Create users, roles and grants too. Always done with `attach`, unless false. */
  accounts?: boolean;
  /** Make the target a replica of the pair's source at the recorded coordinates. */
  attach?: boolean;
  intoPairMember?: boolean;
  identityFile?: string;
  parallel?: number;
  /** Only check what can be checked, and say what would be done. */
  dryRun?: boolean;
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
  databases: string[];
  table: string | null;
  parts: number;
  bytes: { plain: number; stored: number };
  seconds: number;
  attached: boolean;
  /** What makes the target follow the source; the password is left out. */
  attachStatements: string[];
  warnings: string[];
}

/** Seconds a restored server may take to catch up with the source. */
const catchUpPatience = 24 * 3600;

/** Restores a backup, or a database or table of it, into a target. */
export async function restoreBackup(
  config: Config,
  options: RestoreBackupOptions,
): Promise<RestoreResult> {
  const { observe = ignore } = options;
  const signal = options.signal ?? new AbortController().signal;
  const begun = performance.now();
  const targetConfig = targetOf(config, options.to);
  const opened = await openBackup(config, options.backup, options.pair);
  const { store, record } = opened;
  const closers: (() => unknown)[] = [() => store.close()];
  try {
    const manifest = await readManifest(store, record);
    const accounts = options.accounts ?? options.attach === true;
    const selection = select(manifest, options.only ?? null, accounts);
    const settings = await resolveServer(targetConfig);
    const target = await openServer(settings, `target ${options.to}`);
    closers.push(() => target.close());
    const replace = options.replace ?? [];
    await checkTarget(target, record, {
      databases: selection.databases,
      table: selection.table,
      replace,
      intoPairMember: options.intoPairMember === true,
      pairMembers: await memberIds(opened),
    });
    if (options.attach) {
      refuseSeveralSources(record);
      await checkAttachable(target, selection.databases);
      await requireReplicationGrant(opened);
    }

    const { flavour } = target.dialect.version;
    const client = await findClient(
      'mysql',
      flavour,
      targetConfig.tools.mysql ?? opened.pair.tools.mysql,
    );
    const result: RestoreResult = {
      backup: record.id,
      pair: opened.name,
      target: options.to,
      status: options.dryRun === true ? 'planned' : 'restored',
      databases: selection.databases,
      table: selection.table,
      parts: selection.parts.length,
      bytes: {
        plain: selection.parts.reduce((sum, part) => sum + part.plainBytes, 0),
        stored: selection.parts.reduce((sum, part) => sum + part.bytes, 0),
      },
      seconds: 0,
      attached: false,
      attachStatements: attachStatements(target.dialect, record, await sourceOf(opened, false)),
      warnings: options.attach ? [] : warningsOf(manifest, selection),
    };
    if (options.dryRun) return result;
    for (const question of questions(result, options, replace)) await options.confirm?.(question);

    const optionFile = await openOptionFile(optionFileText(settings, flavour));
    closers.push(() => optionFile.close());
    await observe({
      type: 'plan',
      parts: selection.parts.length,
      estimatedBytes: result.bytes.stored,
    });
    await restoreParts({
      store,
      manifest,
      selection,
      target,
      client: client.path,
      optionFile: optionFile.path,
      ...(await decodingOf(config, opened, options.identityFile)),
      parallel: options.parallel ?? availableParallelism(),
      replace,
      unlogged: options.attach === true,
      signal,
      observe,
    });
    if (options.attach) {
      const within = catchUpPatience;
      const reach = await writtenOnSource(opened);
      await attach(target, record, await sourceOf(opened, true), {
        within,
        reach,
        signal,
        observe,
      });
      result.attached = true;
    }
    result.seconds = Math.round(performance.now() - begun) / 1000;
    return result;
  } finally {
    for (const close of closers.reverse()) await close();
  }
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

/** What is destructive and so has to be asked. */
function questions(
  result: RestoreResult,
  options: RestoreBackupOptions,
  replace: readonly string[],
): string[] {
  const asked: string[] = [];
  if (replace.length > 0) asked.push(`drop ${replace.join(', ')} on ${result.target} first`);
  if (options.intoPairMember)
    asked.push(`write to ${result.target}, a server of pair ${result.pair}`);
  if (options.attach) asked.push(`make ${result.target} a replica of the source of ${result.pair}`);
  return asked;
}
