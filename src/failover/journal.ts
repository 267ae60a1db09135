import { join } from 'node:path';
import { z } from 'zod';
import { stateFile, stateName, type StateFile } from '../util/stateFile.js';

const place = z.object({ host: z.string(), port: z.number() });

const shape = z.object({
  id: z.string(),
  pair: z.string(),
  kind: z.enum(['switchover', 'failover']),
  /**
   * `closing`: the old source may be closed for writes, and can be opened again. `switching`: the new source
   * has everything there is to have, and from here on it only goes forward.
   */
  phase: z.enum(['closing', 'switching']),
  oldSource: z.string().nullable(),
  newSource: z.string(),
  since: z.iso.datetime(),
  /** Whether the old source took writes, and ran events, before it was closed. */
  wasWritable: z.boolean(),
  ranEvents: z.boolean(),
  /** Whether the replica's receiver was at work before a failover stopped it. */
  ranReceiver: z.boolean().default(false),
  /** Both servers by their addresses. */
  at: z.object({ old: place, new: place }).nullable().default(null),
  /** What `switching` needs to go on; null before. */
  switched: z
    .object({
      received: z.object({
        gtid: z.string().nullable(),
        position: z.object({ file: z.string(), position: z.number() }),
        partialBytes: z.number(),
        lastContact: z.iso.datetime().nullable(),
      }),
      channel: z.string(),
      /** Events to turn on, with their definers, as SQL. */
      events: z.array(z.object({ name: z.string(), sql: z.string() })),
      opensAt: z.object({ file: z.string(), position: z.number() }).nullable(),
      /** Names of other replicas that are being turned to the new source: what stands still there is our doing. */
      moving: z.array(z.string()).default([]),
      /** How the old source waited for its replicas, before that was turned off; null before that. */
      semiSync: z
        .object({
          variable: z.string().nullable(),
          isOn: z.boolean(),
          acknowledges: z.boolean(),
        })
        .nullable()
        .default(null),
    })
    .nullable(),
});

/** What a promotion leaves on disk, so that the same command goes on with it after it was killed. */
export type PromotionEntry = z.infer<typeof shape>;

export type PromotionJournal = StateFile<PromotionEntry>;

/** One file in the state directory, fsynced before anything is changed. */
export function openPromotionJournal(stateDir: string, pair: string): PromotionJournal {
  const path = join(stateDir, `${encodeURIComponent(pair)}.promotion.json`);
  const hint = `It tells how far a promotion came. Look at both servers with \`stillpoint status ${pair}\`, then move it away.`;
  return stateFile(path, shape, hint);
}

const rejoining = z.object({
  /** The server that was about to become a replica, and whether it ran events before. */
  server: z.string(),
  ranEvents: z.boolean(),
  /** Every GTID that it had when it was closed; null where there are none. What it has more was written since. */
  history: z.string().nullable().default(null),
  /** Where its data comes from, once it is to be restored. */
  seed: z.enum(['backup', 'source']).nullable().default(null),
  since: z.iso.datetime(),
});

/** What a rejoin leaves on disk. */
export type RejoinEntry = z.infer<typeof rejoining>;
export type RejoinJournal = StateFile<RejoinEntry>;

/** The same of `pair rejoin`, one for each server. */
export function openRejoinJournal(stateDir: string, pair: string, server: string): RejoinJournal {
  const path = join(stateDir, `${stateName(pair, server)}.rejoin.json`);
  return stateFile(path, rejoining, 'It tells that a rejoin was interrupted; move it away.');
}
