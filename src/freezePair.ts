import { hostname } from 'node:os';
import { withFreeze, type FreezeRecord, type Frozen } from './freeze/freeze.js';
import type { JournalEntry } from './freeze/journal.js';
import type { Run } from './openRun.js';
import { lagSample, sampleLag, type LagSample } from './pair/lag.js';
import { gate, takesWrites } from './pair/preflight.js';
import type { Clock } from './util/clock.js';
import type { Observe } from './util/observe.js';

export interface FreezePairOptions {
  /** Of the backup or drill that the freeze is for; the next run sweeps a backup of this id. */
  id: string;
  /** Hold a global read lock too, see {@link wantsReadLock}. */
  exclusive: boolean;
  /** Whether something is stored that the next run must sweep, should this one die after the freeze. */
  stores: boolean;
  signal: AbortSignal;
  observe: Observe;
  clock: Clock;
  /** Called as soon as the channels run again; does not throw. */
  resumed?: () => Promise<void>;
}

/** What a freeze of a pair works with. */
export type Freezable = Pick<Run, 'name' | 'pair' | 'replica' | 'replicaName' | 'journal'>;

/** Whether the freeze of this pair holds a global read lock. */
export async function wantsReadLock({ pair, replica }: Freezable): Promise<boolean> {
  const { exclusive } = pair.freeze;
  if (pair.topology === 'source-source') return true;
  return exclusive === 'auto' ? await takesWrites(replica) : exclusive;
}

/**
 * Passes the gate and runs `body` while every channel of the replica stands still, on record in the
 * journal. Call it under the lock, after what a dead run left was put right. `lag` is how far the replica
 * was behind before and right after it, where the server told.
 */
export async function freezePair<T>(
  on: Freezable,
  options: FreezePairOptions,
  body: (frozen: Frozen) => Promise<T>,
): Promise<{ value: T; freeze: FreezeRecord; lag: LagSample[] }> {
  const { replica, pair, journal } = on;
  const { exclusive, signal, observe, clock } = options;
  const gated = await gate(replica, pair.freeze.maxLag);
  const before = lagSample(gated, clock);
  const channels = gated.map(({ name }) => ({ name, receiver: true }));
  const entry: JournalEntry = {
    pair: on.name,
    serverUuid: replica.uuid,
    replica: on.replicaName,
    backupId: options.id,
    phase: 'frozen',
    channels,
    since: clock.now().toISOString(),
    pid: process.pid,
    host: hostname(),
  };
  const frozen = await withFreeze(
    replica,
    {
      channels,
      leaseSeconds: pair.freeze.lease,
      maxSeconds: pair.freeze.maxDuration,
      exclusive,
      ownWrites: pair.topology === 'source-source',
      signal,
      observe,
      journal: {
        open: async () => await journal.write(entry),
        close: async () => {
          await options.resumed?.();
          if (options.stores) await journal.write({ ...entry, phase: 'stored' });
          else await journal.close();
        },
      },
      clock,
    },
    body,
  );
  const after = await sampleLag(replica, clock);
  return { ...frozen, lag: [before, after].filter((sample) => sample !== null) };
}
