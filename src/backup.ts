import { buildManifest, buildRecord } from './catalog/build.js';
import { commit, putFile, sweepBackup, writeManifest } from './catalog/catalog.js';
import { nextBackupId } from './catalog/nextId.js';
import type { BackupRecord } from './catalog/records.js';
import { openCatalogCache } from './catalogCache.js';
import { chooseHold } from './chooseHold.js';
import { resolvePair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { refuseBrokenViews } from './dump/brokenViews.js';
import { takeInventory } from './dump/inventory.js';
import { whatIsLeftOut } from './dump/warnings.js';
import { dumpPair } from './dumpPair.js';
import { StillpointError } from './errors.js';
import { watchCatchUp } from './freeze/catchUp.js';
import { wantsReadLock } from './freezePair.js';
import { keepIndex } from './keepIndex.js';
import { withPairLock } from './lockPair.js';
import { openRun, type Run } from './openRun.js';
import { outOfWriting } from './outOfWriting.js';
import { requireGrants } from './pair/grants.js';
import type { Server } from './pair/server.js';
import { readVariables } from './pair/variables.js';
import { pickReplica } from './pickReplica.js';
import { recoverPair } from './recoverPair.js';
import { restoreScript } from './restore/script.js';
import { restoreScriptKey } from './store/keys.js';
import { systemClock, type Clock } from './util/clock.js';
import { ignore, type Observe } from './util/observe.js';
import { toolName } from './util/tool.js';

export interface BackupOptions {
  /** Name of the pair; may be left out when the configuration has one. */
  pair?: string;
  /** Of a pair with several replicas the one to pause. Default: one is picked. */
  replica?: string;
  label?: string;
  /** Seconds to wait for another run to end. Default 0: it throws `locked` at once. */
  lockWithin?: number;
  /** Called when the lock is held and nothing is paused yet; what it throws ends the run. */
  ready?: (replica: Server, signal: AbortSignal) => Promise<void>;
  /** Ends the run: replication is resumed, nothing is listed, and this rejects with its reason. */
  signal?: AbortSignal;
  observe?: Observe;
  clock?: Clock;
}

/**
 * Takes one backup: pauses the replica, dumps it while it stands still, resumes it, commits. When it
 * throws, nothing is listed and the replica's channels run as they ran before, unless the error's code
 * is `not-resumed`.
 */
export async function backup(config: Config, options: BackupOptions = {}): Promise<BackupRecord> {
  const { observe = ignore, clock = systemClock } = options;
  const signal = options.signal ?? new AbortController().signal;
  const startedAt = clock.now();
  const begun = clock.seconds();

  await observe({ type: 'step', step: 'preflight' });
  const lockWithin = options.lockWithin ?? 0;
  const asked = { replica: options.replica, lockWithin, signal, observe };
  const { chosen, reason } = await pickReplica(config, resolvePair(config, options.pair), asked);
  const run = await openRun(config, chosen);
  const { replica, pair, place, journal } = run;
  const label = options.label ?? pair.label ?? 'backup';

  try {
    const exclusive = await wantsReadLock(run);
    const closes = pair.topology === 'source-source';
    await requireGrants(replica, { exclusive, closes });

    await observe({ type: 'step', step: 'lock' });
    const patience = { within: lockWithin, signal };
    const locked = async (lost: AbortSignal) => {
      const ending = AbortSignal.any([signal, lost]);
      await observe({ type: 'step', step: 'recover' });
      await recoverPair(run, async (text) => await observe({ type: 'warning', text }));
      await options.ready?.(replica, ending);
      const id = await nextBackupId(place, run.name, label, { clock, signal: ending });
      const at = { pair: run.name, id };
      await observe({ type: 'step', step: 'gate' });
      const inventory = await takeInventory(replica, pair.databases);
      await refuseBrokenViews(replica, inventory);
      const held = await chooseHold(run, { exclusive, inventory });
      const variables = await readVariables(replica);
      try {
        const freezing = { id, exclusive, stores: true, signal: ending, observe, clock };
        const { value, ...dumped } = await outOfWriting(run, freezing, async (out, options) =>
          dumpPair(out, held, inventory, options),
        );
        await observe({ type: 'step', step: 'manifest' });
        const finished = {
          ...at,
          ...dumped,
          ...value,
          label,
          startedAt,
          finishedAt: clock.now(),
          seconds: clock.seconds() - begun,
          replica,
          picked: { name: chosen.replicaName, reason },
          bothWrite: closes,
          client: run.tools.mysqldump,
          store: place,
          encrypted: run.recipients.length > 0,
          variables,
          warnings: whatIsLeftOut(
            value.databases,
            replica.dialect.dumpOptions(run.tools.mysqldump.version).includes('--dump-history'),
          ),
        };
        const manifest = buildManifest(finished, toolName());
        const bare = buildRecord(finished);
        const script = Buffer.from(restoreScript(bare, manifest));
        const record = {
          ...bare,
          manifest: await writeManifest(place, manifest, ending),
          script: await putFile(place, restoreScriptKey(at), script),
        };
        ending.throwIfAborted();
        await observe({ type: 'step', step: 'commit' });
        await commit(place, record);
        await journal.close();
        await observe({ type: 'step', step: 'catch-up' });
        const within = pair.freeze.catchUpTimeout;
        const beside = watchCatchUp(replica, { within, observe, signal: ending }).catch(
          () => false,
        );
        await keepIndex(place, run.name, openCatalogCache(config, run), { beside, signal: ending });
        await observe({ type: 'step', step: 'done' });
        return record;
      } catch (error) {
        await discard(run, id, error);
        throw error;
      }
    };
    return await withPairLock(run, locked, patience);
  } finally {
    await run.close();
  }
}

/**
 * Removes what a failed run stored. If that fails too, or the node is not back in its proxy, the journal
 * keeps it and the next run puts it right: why the run had failed is what is to be told.
 */
async function discard(run: Run, id: string, error: unknown): Promise<void> {
  if (error instanceof StillpointError && error.code === 'not-resumed') return;
  await sweepBackup(run.place, run.name, id)
    .then(async () => {
      if (!(await run.journal.read())?.out) await run.journal.close();
    })
    .catch(() => undefined);
}
