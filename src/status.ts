import { findBackup } from './catalog/catalog.js';
import type { DrillRecord } from './catalog/drillRecord.js';
import { listDigests } from './catalog/drills.js';
import { readOneDrill } from './catalog/oneDrill.js';
import type { BackupRecord } from './catalog/records.js';
import { openCatalogCache } from './catalogCache.js';
import { resolvePair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { resolveServer } from './config/secret.js';
import { reasonOf } from './errors.js';
import { openJournal } from './freeze/journal.js';
import { channelsOf } from './pair/channels.js';
import { isLocked } from './pair/lock.js';
import { openServer } from './pair/server.js';
import { openStore } from './store/open.js';

/** How a pair is now. Parts that cannot be seen are null, with the reason in `problems`. */
export interface PairStatus {
  pair: string;
  version: string | null;
  channels: {
    name: string;
    source: string;
    receiver: 'running' | 'stopped' | 'connecting';
    applier: 'running' | 'stopped';
    lagSeconds: number | null;
  }[];
  /** Whether a freeze of ours holds the replica now: that of a run going on, or of a dead one. */
  frozenByUs: boolean;
  /** Whether some run holds the lock. */
  running: boolean;
  /** Whether a dead run left something behind that `resume` removes. */
  unfinished: boolean;
  lastBackup: BackupRecord | null;
  /** The newest drill, passed or failed. */
  lastDrill: DrillRecord | null;
  /** The newest drill that passed: how old the last proof is. */
  lastProof: DrillRecord | null;
  problems: string[];
}

/** Looks at one pair: its replica, its journal and its store. Never throws for what is down. */
export async function statusOf(config: Config, name: string): Promise<PairStatus> {
  const chosen = resolvePair(config, name);
  const { pair, store } = chosen;
  const status: PairStatus = {
    pair: name,
    version: null,
    channels: [],
    frozenByUs: false,
    running: false,
    unfinished: false,
    lastBackup: null,
    lastDrill: null,
    lastProof: null,
    problems: [],
  };
  const attempt = async (work: () => Promise<void>) =>
    await work().catch((error: unknown) => {
      status.problems.push(reasonOf(error));
    });
  await attempt(async () => {
    const entry = await openJournal(config.stateDir, name).read();
    status.frozenByUs = entry?.phase === 'frozen';
    status.unfinished = entry !== null;
  });
  await attempt(async () => {
    const replica = await openServer(await resolveServer(pair.replica), `replica of ${name}`);
    try {
      status.version = replica.dialect.version.text;
      status.running = await isLocked(replica);
      if (status.running) status.unfinished = false;
      status.channels = (await channelsOf(replica)).map((channel) => ({
        name: channel.name,
        source: `${channel.sourceHost}:${channel.sourcePort}`,
        receiver: channel.receiver,
        applier: channel.applierRunning ? 'running' : 'stopped',
        lagSeconds: channel.lagSeconds,
      }));
      // The lease may have ended the freeze of a dead run.
      if (status.channels.every(({ applier }) => applier === 'running')) status.frozenByUs = false;
    } finally {
      replica.close();
    }
  });
  await attempt(async () => {
    const opened = await openStore(store);
    try {
      status.lastBackup = await findBackup(opened, name, 'latest');
      const cache = await openCatalogCache(config, chosen);
      const note = (line: string) => status.problems.push(line);
      // Which drills there are is known from before; only those that are shown are read whole.
      const drills = await listDigests(opened, name, note, cache?.drills);
      const last = drills.at(-1);
      const proof = drills.findLast((drill) => drill.status === 'passed');
      if (last) status.lastDrill = await readOneDrill(opened, name, last.id);
      if (proof)
        status.lastProof =
          proof === last ? status.lastDrill : await readOneDrill(opened, name, proof.id);
    } finally {
      await opened.close();
    }
  });
  return status;
}
