import { availableParallelism } from 'node:os';
import { readManifest } from './catalog/catalog.js';
import type { Manifest } from './catalog/records.js';
import { targetOf } from './config/choose.js';
import type { Config } from './config/schema.js';
import { resolveServer } from './config/secret.js';
import { StillpointError } from './errors.js';
import { openBackup, type OpenBackup } from './openBackup.js';
import { withNamedLock } from './pair/lock.js';
import { withOtherId } from './pair/otherId.js';
import { openServer, type Server } from './pair/server.js';
import { memberIds } from './pairOfBackup.js';
import {
  leftOf,
  newEntry,
  planOf,
  requestOf,
  toolsOf,
  type RestoreRequest,
} from './planRestore.js';
import { attach, refuseFollowingReplica } from './restore/attach.js';
import { checkRestored } from './restore/check.js';
import { openLedger, removeLedger } from './restore/ledger.js';
import { mentionLines } from './restore/mention.js';
import { restoreParts } from './restore/restore.js';
import { checkAttachable, checkTarget } from './restore/target.js';
import { ignore } from './util/observe.js';
import type { RestoreBackupOptions, RestoreResult } from './restoreOptions.js';
import { requireReplicationGrants, sourceAddresses, writtenOnSources } from './sourcesOfBackup.js';
import { withOptionFile } from './pair/optionFile.js';

/** Seconds a restored server may take to catch up with the source. */
const catchUpPatience = 24 * 3600;
/** Seconds that the server may take to notice that a run which held the lock is dead. */
const lockPatience = 2;

/**
 * Restores a backup, or a database or table of it, into a target. One that was interrupted goes on where
 * it stopped when the same is asked for again.
 */
export async function restoreBackup(
  config: Config,
  options: RestoreBackupOptions,
): Promise<RestoreResult> {
  const targetConfig = targetOf(config, options.to);
  const opened = await openBackup(config, options.backup, options.pair);
  const closers: (() => unknown)[] = [() => opened.store.close()];
  try {
    const manifest = await readManifest(opened.store, opened.record);
    const request = requestOf(manifest, options);
    const target = await openServer(await resolveServer(targetConfig), `target ${options.to}`);
    closers.push(() => target.close());
    const run = { config, options, opened, manifest, request, target };
    if (options.dryRun) return (await prepare(run)).result;
    const lock = {
      name: `stillpoint restore ${opened.record.id.slice(-40)}`,
      within: lockPatience,
      message: `another restore of ${opened.record.id} into the ${target.who} is going on`,
      hint: (holder: string) => `It is connection ${holder} of that server. Wait for its end.`,
    };
    return await withNamedLock(target, lock, async (lost) => await restoreLocked(run, lost));
  } catch (error) {
    throw withWayOn(error, options.signal);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

interface Run {
  config: Config;
  options: RestoreBackupOptions;
  opened: OpenBackup;
  manifest: Manifest;
  request: RestoreRequest;
  target: Server;
}

/** Everything that can be checked and found before anything is changed. */
async function prepare({ config, options, opened, manifest, request, target }: Run) {
  const { record } = opened;
  const { replace = [] } = options;
  const left = await leftOf(config, record.id, target, request, replace);
  if (!options.asIfEmpty) {
    await checkTarget(target, record, {
      databases: request.databases,
      table: request.selection.table,
      replace,
      goesOn: left.entry !== null,
      leftover: left.other,
      intoPairMember: options.intoPairMember === true,
      pairMembers: await memberIds(opened),
    });
  }
  if (options.attach) {
    if (options.attachTo === 'replica') refuseFollowingReplica(record);
    const begun = left.entry && (await sourceAddresses(opened, false, options.attachTo));
    if (!options.asIfEmpty) await checkAttachable(target, request.databases, begun);
    await requireReplicationGrants(opened, options.attachTo);
  }
  const tools = await toolsOf(config, opened, target, options);
  const result: RestoreResult = {
    ...(await planOf(opened, target, manifest, {
      ...request,
      left: left.entry,
      follows: options.attachTo ?? 'source',
    })),
    target: options.to,
    status: options.dryRun === true ? 'planned' : 'restored',
  };
  return { result, left, tools };
}

async function restoreLocked(run: Run, lost: AbortSignal): Promise<RestoreResult> {
  const { options, opened, manifest, request, target } = run;
  const { observe = ignore, replace = [] } = options;
  const { renames, selection } = request;
  const signal = AbortSignal.any([lost, ...(options.signal ? [options.signal] : [])]);
  const parallel = options.parallel ?? availableParallelism();
  const begun = performance.now();
  const { result, left, tools } = await prepare(run);
  const { channels } = opened.record.coordinates;
  for (const question of questions(result, options, channels.length))
    await options.confirm?.(question);

  if (!left.entry) await removeLedger(left.path);
  const ledger = openLedger(left.path, left.entry ?? newEntry(opened.record.id, target, request));
  const missing = selection.parts.filter(({ key }) => !ledger.entry.loaded.includes(key));
  await observe({ type: 'step', step: 'restore' });
  if (result.continued) {
    const { since, parts: loaded } = result.continued;
    await observe({ type: 'continued', since, loaded, parts: result.parts });
  }
  const estimatedBytes = missing.reduce((sum, part) => sum + part.bytes, 0);
  await observe({ type: 'plan', parts: missing.length, estimatedBytes });
  await withOptionFile(target, async (optionFile) => {
    await restoreParts({
      ...{ ...tools, optionFile, manifest, selection, target, ledger, parallel, replace },
      store: opened.store,
      changes: { renames, definer: request.asked.definer, onMention: ledger.mention },
      unlogged: options.attach === true,
      signal,
      observe,
    });
  });
  result.warnings.push(...mentionLines(ledger.entry.mentions, renames));
  if (options.check) {
    await observe({ type: 'step', step: 'check' });
    const how = { renames, parallel, signal };
    result.checked = await checkRestored(target, manifest, selection, how);
  }
  if (options.attach) {
    await observe({ type: 'step', step: 'attach' });
    const which = options.attachTo ?? 'source';
    const reach = await writtenOnSources(opened, which);
    const within = catchUpPatience;
    const sources = await sourceAddresses(opened, true, which);
    const how = { stateDir: run.config.stateDir, observe, dryRun: false };
    await withOtherId(target, how, async () => {
      await attach(target, opened.record, sources, { within, reach, signal, observe });
    });
    result.attached = true;
  }
  await ledger.close();
  result.seconds = Math.round(performance.now() - begun) / 1000;
  return result;
}

/** Whoever ends a restore is told that nothing is lost. */
function withWayOn(error: unknown, signal: AbortSignal | undefined): unknown {
  if (!(error instanceof StillpointError) || error !== signal?.reason) return error;
  return new StillpointError(error.code, error.message, {
    hint: 'Run the same command again: it goes on where it stopped.',
    cause: error,
  });
}

/** What is destructive and so has to be asked. */
function questions(
  result: RestoreResult,
  { replace = [], ...options }: RestoreBackupOptions,
  channels: number,
): string[] {
  const asked: string[] = [];
  const whom = channels > 1 ? `${channels} sources` : (options.attachTo ?? 'source');
  if (replace.length > 0) asked.push(`drop ${replace.join(', ')} on ${result.target} first`);
  if (options.intoPairMember)
    asked.push(`write to ${result.target}, a server of pair ${result.pair}`);
  if (options.attach)
    asked.push(`make ${result.target} a replica of the ${whom} of ${result.pair}`);
  return asked;
}
