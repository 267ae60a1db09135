import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { StillpointError, reasonOf } from '../errors.js';
import { syncFolder, writeAtomic } from '../util/atomicFile.js';

const shape = z.object({
  pair: z.string(),
  /** The replica that we are about to pause, or have paused. */
  serverUuid: z.string(),
  /** The backup whose objects are garbage when it was not committed. */
  backupId: z.string(),
  /** `frozen`: from before the stop until the applier was seen running. `stored`: until the commit. */
  phase: z.enum(['frozen', 'stored']),
  /** The channels that ran before the freeze: these, and no others, are to run again. */
  channels: z.array(z.object({ name: z.string(), receiver: z.boolean() })),
  since: z.iso.datetime(),
  pid: z.number(),
  host: z.string(),
});

/** What a run leaves on disk before it pauses anything, so that the next one can put it right. */
export type JournalEntry = z.infer<typeof shape>;

export interface Journal {
  /** The entry of a run that has not ended, or null. */
  read(): Promise<JournalEntry | null>;
  write(entry: JournalEntry): Promise<void>;
  close(): Promise<void>;
}

/** The journal of a pair in the state directory: one file, fsynced before the applier is stopped. */
export function openJournal(stateDir: string, pair: string): Journal {
  const path = join(stateDir, `${encodeURIComponent(pair)}.journal.json`);
  return {
    async read() {
      const text = await readFile(path, 'utf8')
        .catch(ifAbsent)
        .catch((error: unknown) => {
          throw unusable(path, error);
        });
      if (text === null) return null;
      try {
        return shape.parse(JSON.parse(text));
      } catch (error) {
        throw unusable(path, error);
      }
    },
    async write(entry) {
      await writeAtomic(path, `${JSON.stringify(entry, null, 2)}\n`).catch((error: unknown) => {
        throw new StillpointError(
          'failed',
          `cannot write the journal ${path}: ${reasonOf(error)}`,
          {
            hint: 'Set stateDir in the configuration to a folder that this user may write.',
            cause: error,
          },
        );
      });
    },
    async close() {
      // Where nothing was ever written there may be no folder either.
      await rm(path).then(async () => await syncFolder(dirname(path)), ifAbsent);
    },
  };
}

function ifAbsent(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
  throw error;
}

function unusable(path: string, cause: unknown): StillpointError {
  return new StillpointError('failed', `cannot read the journal ${path}`, {
    hint: `Look at the replica with \`stillpoint status\`, start its SQL thread if it should run, then remove ${path}.`,
    cause,
  });
}
