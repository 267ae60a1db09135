import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { reasonOf, StillpointError } from '../errors.js';
import { syncFolder, writeAtomic } from '../util/atomicFile.js';

/** Where the data of a new replica comes from; `none`: it has it. */
export const seeds = ['backup', 'source', 'clone', 'none'] as const;
export type Seed = (typeof seeds)[number];

const shape = z.object({
  pair: z.string(),
  source: z.string(),
  replica: z.string(),
  seed: z.enum(seeds),
  /** Whether the replica may be emptied. */
  wipe: z.boolean(),
  /** `seeding`: what is on the replica is half of it at most. `seeded`: all is there, and it follows. */
  phase: z.enum(['seeding', 'seeded']),
  /** Whether the replica ran events, before that was turned off for the seeding. */
  ranEvents: z.boolean(),
  since: z.iso.datetime(),
});

/** What `pair setup` leaves on disk, so that the same command goes on with it after it was killed. */
export type SetupEntry = z.infer<typeof shape>;

export interface SetupJournal {
  /** The entry of a setup that has not ended, or null. */
  read(): Promise<SetupEntry | null>;
  write(entry: SetupEntry): Promise<void>;
  close(): Promise<void>;
}

/** One file in the state directory, fsynced before anything is changed. */
export function openSetupJournal(stateDir: string, pair: string): SetupJournal {
  const path = join(stateDir, `${encodeURIComponent(pair)}.setup.json`);
  return {
    async read() {
      try {
        return shape.parse(JSON.parse(await readFile(path, 'utf8')));
      } catch (error) {
        if (isAbsent(error)) return null;
        throw new StillpointError('failed', `cannot read ${path}: ${reasonOf(error)}`, {
          hint: 'It tells how far a setup came. Move it away and begin anew with --replace.',
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
