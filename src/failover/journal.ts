import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { reasonOf, StillpointError } from '../errors.js';
import { syncFolder, writeAtomic } from '../util/atomicFile.js';

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
    })
    .nullable(),
});

/** What a promotion leaves on disk, so that the same command goes on with it after it was killed. */
export type PromotionEntry = z.infer<typeof shape>;

export interface PromotionJournal {
  /** The entry of a promotion that has not ended, or null. */
  read(): Promise<PromotionEntry | null>;
  write(entry: PromotionEntry): Promise<void>;
  close(): Promise<void>;
}

/** One file in the state directory, fsynced before anything is changed. */
export function openPromotionJournal(stateDir: string, pair: string): PromotionJournal {
  const path = join(stateDir, `${encodeURIComponent(pair)}.promotion.json`);
  return {
    async read() {
      try {
        return shape.parse(JSON.parse(await readFile(path, 'utf8')));
      } catch (error) {
        if (isAbsent(error)) return null;
        throw new StillpointError('failed', `cannot read ${path}: ${reasonOf(error)}`, {
          hint: `It tells how far a promotion came. Look at both servers with \`stillpoint status ${pair}\`, then move it away.`,
          cause: error,
        });
      }
    },
    write: async (entry) => await writeAtomic(path, `${JSON.stringify(entry, null, 2)}\n`),
    async close() {
      await rm(path, { force: true });
      await syncFolder(dirname(path)).catch((error: unknown) => {
        if (!isAbsent(error)) throw error;
      });
    },
  };
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
