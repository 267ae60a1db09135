import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { StillpointError, reasonOf } from '../errors.js';
import { syncFolder, writeAtomic } from '../util/atomicFile.js';

const shape = z.object({
  pair: z.string(),
  /** The replica that we are about to pause, or have paused. */
  serverUuid: z.string(),
  /** Its name in the configuration, where the pair has several; null or left out: it has one. */
  replica: z.string().nullable().optional(),
  /** The backup whose objects are garbage when it was not committed. */
  backupId: z.string(),
  /** `frozen`: from before the stop until the applier was seen running. `stored`: until the commit. */
  phase: z.enum(['frozen', 'stored']),
  /** The channels that ran before the freeze: these, and no others, are to run again. */
  channels: z.array(z.object({ name: z.string(), receiver: z.boolean() })),
  /** The server was taken out of writing: whether to let it take writes again, and to run `drain.after`. */
  out: z.object({ reopen: z.boolean(), after: z.boolean() }).exactOptional(),
  since: z.iso.datetime(),
  pid: z.number(),
  host: z.string(),
});

/** What a run leaves on disk before it pauses anything, so that the next one can put it right. */
export type JournalEntry = z.infer<typeof shape>;

export interface Journal {
  /** Its file. */
  readonly path: string;
  /** The entry of a run that has not ended, or null. */
  read(): Promise<JournalEntry | null>;
  write(entry: JournalEntry): Promise<void>;
  close(): Promise<void>;
}

const ending = '.journal.json';

/**
 * The journal of a pair in the state directory, or of one of its several replicas, so that what was left on
 * one that is away hinders no run on another: one file, fsynced before the applier is stopped.
 */
export function openJournal(
  stateDir: string,
  pair: string,
  replica: string | null = null,
): Journal {
  // No name holds a plus.
  const name = [pair, ...(replica === null ? [] : [replica])].map(encodeURIComponent).join('+');
  const path = join(stateDir, `${name}${ending}`);
  return {
    path,
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

/** A journal of a pair that exists, and whose. */
export interface OpenedJournal {
  /** Null when it is that of a pair with one replica, perhaps from before it had several. */
  replica: string | null;
  journal: Journal;
}

/** Every journal of a pair in which a run has left something. */
export async function journalsOf(stateDir: string, pair: string): Promise<OpenedJournal[]> {
  const names = (await readdir(stateDir).catch(ifAbsent)) ?? [];
  const found = names.flatMap((file) => {
    if (!file.endsWith(ending)) return [];
    const [of, replica, more] = file.slice(0, -ending.length).split('+').map(decodeURIComponent);
    return of === pair && more === undefined ? [replica ?? null] : [];
  });
  return found.map((replica) => ({ replica, journal: openJournal(stateDir, pair, replica) }));
}

/**
 * The journal that a run on this replica works with: the one that has an entry about it, such as one from before
 * the pair had several replicas or the replica had another name, else its own.
 */
export async function journalAt(
  stateDir: string,
  pair: string,
  replica: { name: string | null; uuid: string },
): Promise<Journal> {
  const own = openJournal(stateDir, pair, replica.name);
  for (const { replica: name, journal } of await journalsOf(stateDir, pair)) {
    if (name === replica.name) continue;
    if ((await journal.read())?.serverUuid === replica.uuid) return journal;
  }
  return own;
}

/** The other journals of a pair. */
export async function journalsBeside(
  stateDir: string,
  pair: string,
  { path }: Journal,
): Promise<Journal[]> {
  const all = (await journalsOf(stateDir, pair)).map(({ journal }) => journal);
  return all.filter((journal) => journal.path !== path);
}

/** What the last run of a pair has left; null when all have ended well. */
export async function lastEntry(stateDir: string, pair: string): Promise<JournalEntry | null> {
  const journals = await journalsOf(stateDir, pair);
  const entries = await Promise.all(journals.map(async ({ journal }) => await journal.read()));
  // Ids sort by time.
  const left = entries.filter((entry) => entry !== null);
  return left.sort((a, b) => (a.backupId < b.backupId ? -1 : 1)).at(-1) ?? null;
}

/** The same journal, with `out` in each entry. */
export function carrying(journal: Journal, out: NonNullable<JournalEntry['out']>): Journal {
  return { ...journal, write: async (entry) => await journal.write({ ...entry, out }) };
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
