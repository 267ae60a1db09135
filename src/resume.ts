import { resolvePair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { reasonOf } from './errors.js';
import { resolveServer } from './config/secret.js';
import { openJournal } from './freeze/journal.js';
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
  warnings: string[];
}

/**
 * Ends a freeze that a dead run left: its channels run again, what it stored is removed. Throws
 * `locked` while a run is going on, `not-resumed` when a person must act.
 */
export async function resume(config: Config, pairName?: string): Promise<ResumeResult> {
  const chosen = resolvePair(config, pairName);
  const { name } = chosen;
  const journal = openJournal(config.stateDir, name);
  const entry = await journal.read();
  const replica = await openServer(await resolveServer(chosen.pair.replica), `replica of ${name}`);
  try {
    return await withLock(replica, async () => {
      // The replica first: it must run again even while the store is away.
      await recover(replica, journal);
      if (!entry) return { pair: name, status: 'nothing', channels: [], warnings: [] };
      await journal.write({ ...entry, phase: 'stored' });
      return {
        pair: name,
        status: entry.phase === 'frozen' ? 'resumed' : 'nothing',
        channels: entry.channels.map((channel) => channel.name),
        warnings: await sweep(),
      };
    });
  } finally {
    replica.close();
  }

  async function sweep(): Promise<string[]> {
    const left: string[] = [];
    const onLeft = (line: string) => void left.push(line);
    try {
      const place = await openStore(chosen.store);
      await recoverPair({ name, replica, journal, place }, onLeft).finally(() => place.close());
    } catch (error) {
      onLeft(`what the dead run stored is still there: ${reasonOf(error)}`);
    }
    return left;
  }
}
