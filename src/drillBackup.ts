import type { DrillRecord } from './catalog/drillRecord.js';
import { putDrill } from './catalog/drills.js';
import type { Config } from './config/schema.js';
import { Evidence } from './drill/evidence.js';
import { sweepFolders } from './drill/folder.js';
import { Timeline } from './drill/timeline.js';
import { drillRecord, type Drilled } from './drillRecord.js';
import { StillpointError } from './errors.js';
import { directoryOf, examine } from './examine.js';
import { openBackup } from './openBackup.js';
import { newBackupId } from './store/keys.js';
import { systemClock, type Clock } from './util/clock.js';
import { ignore, type Observe } from './util/observe.js';

export interface DrillOptions {
  /** Id, label or `latest`, which it is when left out. */
  backup?: string;
  pair?: string;
  /** A target of the configuration to restore into, in place of a sandbox. */
  to?: string;
  /** Attach the sandbox to the source too, and see it catch up. Default: `drill.catchUp`. */
  catchUp?: boolean;
  identityFile?: string;
  parallel?: number;
  /** Ends the drill: nothing of it stays, and this rejects with its reason. */
  signal?: AbortSignal;
  observe?: Observe;
  clock?: Clock;
}

/**
 * Restores a backup into a throwaway server, compares what is there with what was backed up, and keeps
 * the result in the store. Resolves also when a check failed (`status`); rejects when the drill could
 * not be carried out, which is on record too once the restore had begun.
 */
export async function drillBackup(
  config: Config,
  options: DrillOptions = {},
): Promise<DrillRecord> {
  const { observe = ignore, clock = systemClock } = options;
  const signal = options.signal ?? new AbortController().signal;
  await observe({ type: 'step', step: 'sweep' });
  await sweepFolders(directoryOf(config));
  const opened = await openBackup(config, options.backup ?? 'latest', options.pair);
  const timeline = new Timeline(clock, observe);
  const id = newBackupId(clock, 'drill');
  const into = options.to ?? config.drill.target ?? 'sandbox';
  const drilled: Drilled = { into, version: '', proof: { parts: [], tables: [] }, catchUp: null };
  const evidence = new Evidence();
  const drill = {
    config,
    options,
    opened,
    id,
    evidence,
    timeline,
    signal,
    observe,
    clock,
    drilled,
  };
  const startedAt = clock.now();
  const keep = async (broken: StillpointError | null): Promise<DrillRecord> => {
    const record = drillRecord({ ...drill, record: opened.record, startedAt, broken });
    await observe({ type: 'step', step: 'keep-record' });
    await putDrill(opened.store, record);
    return record;
  };
  try {
    await examine(drill);
    return await keep(null);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StillpointError)) throw error;
    if (error.code === 'verification') {
      evidence.failed('hashes', error.message);
      return await keep(null);
    }
    // Only what broke off a restore is news about the backup.
    if (drilled.version !== '') await keep(error).catch(() => undefined);
    throw error;
  } finally {
    await opened.store.close();
  }
}
