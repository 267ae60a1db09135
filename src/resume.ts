import { resolvePair, withReplica, type ChosenPair } from './config/choose.js';
import { replicasOf, replicaTitle } from './config/replicas.js';
import type { Config } from './config/schema.js';
import { putBack } from './drain.js';
import { reasonOf, StillpointError } from './errors.js';
import { resolveServer } from './config/secret.js';
import { journalAt, journalsBeside, openJournal } from './freeze/journal.js';
import { withLock } from './pair/lock.js';
import { openServer } from './pair/server.js';
import { recoverPair } from './recoverPair.js';
import { recover } from './freeze/recover.js';
import { openStore } from './store/open.js';

/** What `resume` found and did. */
export interface ResumeResult {
  pair: string;
  /** `resumed`: a dead run's freeze was ended. `nothing`: there was none on record. */
  status: 'resumed' | 'nothing';
  channels: string[];
  /** Of a pair with several replicas the names of those that were resumed. */
  replicas: string[];
  warnings: string[];
}

/**
 * Ends a freeze that a dead run left: its channels run again, a node takes writes again and is put back, what
 * it stored is removed. Of several replicas it looks at each that answers. Throws `locked` while a run is
 * going on, `not-resumed` when a person must act, and what keeps it from a replica that the journal says was
 * paused.
 */
export async function resume(config: Config, pairName?: string): Promise<ResumeResult> {
  const chosen = resolvePair(config, pairName);
  const replicas = replicasOf(chosen.pair).map(({ name }) => name);
  const result: ResumeResult = {
    ...{ pair: chosen.name, status: 'nothing', channels: [], replicas: [], warnings: [] },
  };
  const failed: unknown[] = [];
  for (const name of replicas) {
    const at = name === null ? chosen : withReplica(chosen, name);
    try {
      const { status, channels, warnings } = await resumeReplica(config, at);
      result.warnings.push(...warnings);
      if (status === 'nothing') continue;
      result.status = 'resumed';
      result.channels.push(...channels);
      if (name !== null) result.replicas.push(name);
    } catch (error) {
      if (replicas.length === 1 || (await concerns(config, at, error))) failed.push(error);
      else result.warnings.push(reasonOf(error));
    }
  }
  if (failed.length > 0) throw failed[0];
  return result;
}

/** Whether an error is about a replica that a run has paused. */
async function concerns(config: Config, at: ChosenPair, error: unknown): Promise<boolean> {
  if (error instanceof StillpointError && ['locked', 'not-resumed'].includes(error.code))
    return true;
  const entry = await openJournal(config.stateDir, at.name, at.replicaName).read();
  return entry?.phase === 'frozen';
}

async function resumeReplica(
  config: Config,
  { name, pair, replicaName, store }: ChosenPair,
): Promise<Pick<ResumeResult, 'status' | 'channels' | 'warnings'>> {
  const who = replicaTitle(name, replicaName);
  const replica = await openServer(await resolveServer(pair.replica), who);
  try {
    const own = { name: replicaName, uuid: replica.uuid };
    const journal = await journalAt(config.stateDir, name, own);
    const entry = await journal.read();
    return await withLock(replica, async () => {
      // The replica first: it must run again even while the store is away.
      await recover(replica, journal);
      if (!entry) return { status: 'nothing', channels: [], warnings: [] };
      await journal.write({ ...entry, phase: 'stored' });
      await putBack({ name, pair, replica, journal });
      const left: string[] = [];
      const onLeft = (line: string) => void left.push(line);
      try {
        const place = await openStore(store);
        const others = await journalsBeside(config.stateDir, name, journal);
        const on = { name, pair, replica, journal, place, others };
        await recoverPair(on, onLeft).finally(() => place.close());
      } catch (error) {
        onLeft(`what the dead run stored is still there: ${reasonOf(error)}`);
      }
      return {
        status: entry.phase === 'frozen' || entry.out ? 'resumed' : 'nothing',
        channels: entry.channels.map((channel) => channel.name),
        warnings: left,
      };
    });
  } finally {
    replica.close();
  }
}
