import { replicaTitle } from './config/replicas.js';
import type { Run } from './openRun.js';
import { withLock } from './pair/lock.js';
import { refuseLast } from './pair/health.js';
import { candidateOf } from './pickReplica.js';
import { withReplicas, type OpenReplica } from './replicasOpen.js';

/** Seconds to wait for another run to end, and what ends the waiting. */
export interface Patience {
  within: number;
  signal?: AbortSignal;
}

/**
 * Runs `body` as the only coordinator of a pair: the lock is taken on the replica that is to be paused, and on
 * every other one that answers, so that no two runs pause two of them. Throws `locked` when another run has
 * one, `refused` when no other replica is well any more while one is down. The signal fires when the lock on
 * the replica itself is lost.
 */
export async function withPairLock<T>(
  run: Pick<Run, 'name' | 'pair' | 'replica' | 'replicaName'>,
  body: (lost: AbortSignal) => Promise<T>,
  patience: Patience,
): Promise<T> {
  const { name, replica, replicaName } = run;
  if (replicaName === null) return await withLock(replica, body, patience);
  const others = { wanted: (one: { name: string | null }) => one.name !== replicaName };
  return await withReplicas(
    run,
    async (siblings) => {
      let lost = new AbortController().signal;
      const own = { who: replicaTitle(name, replicaName), server: replica };
      const all = [
        own,
        ...siblings.flatMap(({ name: sibling, opened }) =>
          opened ? [{ who: replicaTitle(name, sibling), server: opened }] : [],
        ),
      ].sort((a, b) => (a.who < b.who ? -1 : 1));
      // In the same order by every run, so that no two wait for one another.
      const within = all.reduceRight(
        (inner, { server }) =>
          async () =>
            await withLock(
              server,
              async (signal) => {
                if (server === replica) lost = signal;
                return await inner();
              },
              patience,
            ),
        async () => {
          await refuseAlone(siblings, replicaName, name);
          return await body(lost);
        },
      );
      return await within();
    },
    others,
  );
}

async function refuseAlone(
  siblings: readonly OpenReplica[],
  replica: string,
  pair: string,
): Promise<void> {
  refuseLast(await Promise.all(siblings.map(candidateOf)), replica, pair);
}
