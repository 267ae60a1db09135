import { join } from 'node:path';
import { z } from 'zod';
import { stateFile, stateName, type StateFile } from '../util/stateFile.js';

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

export type SetupJournal = StateFile<SetupEntry>;

/** One file for each replica in the state directory, fsynced before anything is changed. */
export function openSetupJournal(stateDir: string, pair: string, replica: string): SetupJournal {
  const path = join(stateDir, `${stateName(pair, replica)}.setup.json`);
  const hint = 'It tells how far a setup came. Move it away and begin anew with --replace.';
  return stateFile(path, shape, hint);
}
