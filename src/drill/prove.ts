import type { Config } from '../config/schema.js';
import type { BackupRecord, Manifest, ManifestPart } from '../catalog/records.js';
import type { DrillRecord } from '../catalog/drillRecord.js';
import type { Server } from '../pair/server.js';
import { readPart } from '../restore/readPart.js';
import { restoreParts, type RestoreOptions } from '../restore/restore.js';
import type { RunEvent } from '../util/observe.js';
import { blamed } from './blame.js';
import { accountsBefore, compareAccounts } from './accounts.js';
import { runAssertions } from './assertions.js';
import { compareObjects } from './compareObjects.js';
import { compareTables, type ComparedTable } from './compareTables.js';
import type { Evidence } from './evidence.js';
import { checkFreshness } from './freshness.js';
import { isSameSeries, recordedVersion } from './serverProgram.js';
import type { Timeline } from './timeline.js';

export interface ProveOptions {
  record: BackupRecord;
  manifest: Manifest;
  /** How to restore; the selection holds everything but the accounts. */
  restore: Omit<RestoreOptions, 'target' | 'manifest'>;
  /** The accounts are restored and compared too, from this part. */
  accounts: ManifestPart | null;
  settings: Pick<Config['drill'], 'assertions' | 'freshness'>;
  timeline: Timeline;
  evidence: Evidence;
  /** Filled as it goes. */
  proof: Proof;
}

/** What was seen while a backup was loaded. */
export interface Proof {
  parts: DrillRecord['parts'];
  tables: ComparedTable[];
}

/**
 * Restores a backup into a server and compares what is there with what was backed up. What is wrong
 * with the backup becomes evidence; this throws only when the drill itself cannot go on.
 */
export async function prove(server: Server, options: ProveOptions): Promise<void> {
  const { record, manifest, timeline, evidence, settings, proof } = options;
  const { signal, parallel } = options.restore;
  const wanted = recordedVersion(record);
  const exact = isSameSeries(server.dialect.version, wanted);
  if (!exact) {
    evidence.warned(
      'server',
      `it was restored into ${server.dialect.version.text}, the backup is of ${wanted.text}: checksums and definitions are not compared`,
    );
  }
  const loaded = await timeline.phase('restore', async () => await load(server, options));
  if (!loaded) return;
  await timeline.phase('checks', async () => {
    proof.tables = await compareTables(
      server,
      manifest.tables,
      { parallel, signal, checksums: exact },
      evidence,
    );
    await compareObjects(server, manifest, { exact, signal }, evidence);
    await checkFreshness(server, settings.freshness, new Date(record.pausedAt), evidence);
    await runAssertions(server, settings.assertions, signal, evidence);
  });
}

/** Loads everything; false, with the evidence, when the server does not take it. */
async function load(server: Server, options: ProveOptions): Promise<boolean> {
  const { manifest, restore, accounts, evidence } = options;
  const { signal } = restore;
  const before = accounts ? await accountsBefore(server) : new Set<string>();
  const observe = partTimes(options);
  const everything = { ...restore, observe, target: server, manifest };
  try {
    await restoreParts(everything);
  } catch (error) {
    evidence.failed('parts', await blamed(error, server, signal));
    return false;
  }
  const count = restore.selection.parts.length;
  evidence.passed('parts', count === 1 ? 'the one part is loaded' : `all ${count} are loaded`);
  if (!accounts) return true;
  try {
    const selection = { ...restore.selection, parts: [accounts] };
    await restoreParts({ ...everything, selection });
    const text = await readPart(restore.store, accounts, restore);
    await compareAccounts(server, text, before, evidence);
  } catch (error) {
    evidence.failed('accounts', await blamed(error, server, signal));
  }
  return true;
}

/** Passes events on, and keeps when each part was loaded; of one that is loaded again, all of it. */
function partTimes({ restore, manifest, timeline, proof: { parts } }: ProveOptions) {
  const byKey = new Map(manifest.parts.map((part) => [part.key, part]));
  return async (event: RunEvent): Promise<void> => {
    await restore.observe(event);
    if (event.type !== 'load') return;
    const part = byKey.get(event.key);
    const seen = parts.find(({ key }) => key === event.key);
    if (event.phase === 'end' && seen) seen.seconds = timeline.now() - seen.from;
    if (event.phase !== 'begin' || seen || !part) return;
    const { key, kind, database, tables, plainBytes } = part;
    parts.push({ key, kind, database, tables, plainBytes, from: timeline.now(), seconds: 0 });
  };
}
