import { exitStatusOf } from '../errors.js';
import type { Clock } from '../util/clock.js';
import type { Records } from './records.js';
import { argvOf, type Schedule } from './schedule.js';

/** How one command line ended. */
export interface RunEnd {
  exit: number;
  /** The error's line; null when there was none. */
  error: string | null;
}

/** How a schedule ended for one pair. */
export interface PairEnd extends RunEnd {
  pair: string;
}

/** What a run of a schedule comes to. */
export interface ScheduleEnd extends RunEnd {
  schedule: string;
  pairs: PairEnd[];
}

export interface RunOptions {
  pairs: readonly string[];
  /** Runs one of our own command lines; it reports errors itself and never throws. */
  run: (argv: string[]) => Promise<RunEnd>;
  records: Records;
  clock: Clock;
  signal: AbortSignal;
}

/**
 * Runs a schedule now, one pair after the other, and keeps a record of it: call it under the schedule's lock.
 * A pair that fails does not end it.
 */
export async function runSchedule(schedule: Schedule, options: RunOptions): Promise<ScheduleEnd> {
  const { pairs, run, records, clock, signal } = options;
  const begun = { startedAt: clock.now().toISOString(), pid: process.pid };
  const ends: PairEnd[] = [];
  for (const pair of pairs) {
    if (signal.aborted) break;
    // Whoever finds this without an end knows which pairs want for a run.
    const left = pairs.slice(ends.length);
    await records.put({ ...begun, endedAt: null, exit: null, error: null, left });
    ends.push({ pair, ...(await run(argvOf(schedule, pair))) });
  }
  const end = {
    exit: exitStatusOf(ends.map(({ exit }) => exit)),
    error: ends.findLast((one) => one.error !== null)?.error ?? null,
  };
  const left = pairs.slice(ends.length);
  await records.put({ ...begun, endedAt: clock.now().toISOString(), ...end, left });
  return { schedule: schedule.name, ...end, pairs: ends };
}
