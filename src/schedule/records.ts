import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StillpointError } from '../errors.js';
import { writeAtomic } from '../util/atomicFile.js';

const runShape = z.object({
  startedAt: z.iso.datetime(),
  /** Null while it goes on, and for ever when it was killed: nobody was there to see when. */
  endedAt: z.iso.datetime().nullable(),
  /** The exit status. */
  exit: z.number().nullable(),
  /** The last error, one line. */
  error: z.string().nullable(),
  pid: z.number(),
  /** It was seen that its process is gone and has not ended it: SIGKILL, a power loss. */
  killed: z.boolean().default(false),
  /** The pairs that it has not done, the one that it is at first; null where that was not kept. */
  left: z.array(z.string()).nullable().default(null),
});

const shape = z.object({
  schedule: z.string(),
  /** Since when the daemon has watched it: what was due before is not caught up. */
  watchedSince: z.iso.datetime().nullable(),
  /** The newest last. */
  runs: z.array(runShape),
});

/** One run of a schedule. */
export type ScheduleRun = z.infer<typeof runShape>;
/** What is kept of a schedule's runs, in `<stateDir>/schedules/<name>.json`. */
export type ScheduleRecord = z.infer<typeof shape>;

/** Whether a run goes on, or was killed and nobody has seen it yet. */
export function isOpen({ endedAt, killed }: ScheduleRun): boolean {
  return endedAt === null && !killed;
}

const kept = 20;

/** The records of one schedule's runs. */
export interface Records {
  read(): Promise<ScheduleRecord>;
  /** Adds a run, or replaces the one that the same process began at the same time. */
  put(run: z.input<typeof runShape>): Promise<void>;
  /**
   * Marks as killed what has no end: call it under the schedule's lock, when no run goes on. Returns the newest
   * run when it is such a one; an older one is no news, since a later one has told how it ended.
   */
  markKilled(): Promise<ScheduleRun | null>;
  watchedSince(at: Date): Promise<void>;
}

/** Each write is atomic. Runs write under the lock of their schedule, so that none loses another's line. */
export function openRecords(stateDir: string, schedule: string): Records {
  const path = join(stateDir, 'schedules', `${schedule}.json`);
  const write = async (record: ScheduleRecord) =>
    await writeAtomic(path, `${JSON.stringify(record, null, 2)}\n`);
  async function read(): Promise<ScheduleRecord> {
    try {
      return shape.parse(JSON.parse(await readFile(path, 'utf8')));
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')
        return { schedule, watchedSince: null, runs: [] };
      throw new StillpointError('failed', `cannot read the runs of ${schedule} in ${path}`, {
        hint: `Remove ${path}: it only tells when the schedule last ran.`,
        cause,
      });
    }
  }
  return {
    read,
    async put(run) {
      const record = await read();
      const same = ({ startedAt, pid }: ScheduleRun) =>
        startedAt === run.startedAt && pid === run.pid;
      const runs = [...record.runs.filter((one) => !same(one)), runShape.parse(run)];
      await write({ ...record, runs: runs.slice(-kept) });
    },
    async markKilled() {
      const record = await read();
      const runs = record.runs.map((run) =>
        isOpen(run) ? { ...run, killed: true, error: 'it was killed' } : run,
      );
      const newest = record.runs.at(-1);
      if (record.runs.some(isOpen)) await write({ ...record, runs });
      return newest !== undefined && isOpen(newest) ? (runs.at(-1) ?? null) : null;
    },
    async watchedSince(at) {
      await write({ ...(await read()), watchedSince: at.toISOString() });
    },
  };
}
