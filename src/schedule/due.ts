import type { ScheduleRecord } from './records.js';
import { latestRun, type Timing } from './times.js';

/** A schedule as the daemon watches it. */
export interface Watched {
  name: string;
  timing: Timing;
  /** The pair it is about, or `all`. */
  pair: string;
  /** What was due until then is dealt with. */
  since: Date;
}

/** A run that is due. */
export interface Due {
  name: string;
  pair: string;
  /** The newest time it was due at; older ones that were missed are not run as well. */
  due: Date;
}

/** What to do now. */
export interface Decision {
  start: Due[];
  /** Due, and kept back by a run on the same pair. */
  waiting: Due[];
  /** The same schedules, as they are watched from here on. */
  watched: Watched[];
}

/**
 * How far a clock may be set back without times being run again, as in Vixie's cron. Beyond that the
 * old time was wrong: to wait until it comes again could be a year without a backup.
 */
const repeatAfterMs = 3 * 3600_000;

/**
 * What is to be started now: at most one run of a schedule, however many were missed, and never two at
 * once on a pair. `running` are the names and pairs of what goes on. Pure.
 */
export function decide(
  watched: readonly Watched[],
  running: readonly { name: string; pair: string }[],
  now: Date,
): Decision {
  const next = watched.map((one) =>
    one.since.getTime() - now.getTime() > repeatAfterMs ? { ...one, since: now } : one,
  );
  const due = next.flatMap(({ name, pair, timing, since }): Due[] => {
    // A run that outlives its next start stands for it: the run's end becomes `since`.
    if (running.some((one) => one.name === name)) return [];
    const latest = latestRun(timing, now);
    return latest !== null && latest > since ? [{ name, pair, due: latest }] : [];
  });
  due.sort((a, b) => a.due.getTime() - b.due.getTime() || (a.name < b.name ? -1 : 1));
  const start: Due[] = [];
  const waiting: Due[] = [];
  for (const one of due) {
    // Who waits keeps those behind him waiting too, or `all` would never have its turn.
    const before = [...running, ...start, ...waiting];
    (before.some((other) => overlap(other.pair, one.pair)) ? waiting : start).push(one);
  }
  const started = (name: string) => start.some((one) => one.name === name);
  return {
    start,
    waiting,
    watched: next.map((one) => (started(one.name) ? { ...one, since: now } : one)),
  };
}

/** The schedules once a run of `name` has ended: what was due meanwhile is not run as well. */
export function ended(watched: readonly Watched[], name: string, now: Date): Watched[] {
  return watched.map((one) =>
    one.name === name && now > one.since ? { ...one, since: now } : one,
  );
}

/**
 * Until when nothing of a schedule is to be caught up, by its record; null when it has neither run nor was
 * watched. A run that was killed is a missed one: what it was started for is due again. When the one before
 * it was killed too it may be the run itself that kills, so it waits for its next time.
 */
export function sinceOf({ runs, watchedSince }: ScheduleRecord, timing: Timing): Date | null {
  const last = runs.at(-1);
  if (last === undefined) return watchedSince === null ? null : new Date(watchedSince);
  if (!isToRepeat(runs)) return new Date(last.endedAt ?? last.startedAt);
  const due = latestRun(timing, new Date(last.startedAt));
  return new Date((due ?? new Date(last.startedAt)).getTime() - 1);
}

/** Whether the newest run of a schedule is to be done once more. */
export function isToRepeat(runs: ScheduleRecord['runs']): boolean {
  return runs.at(-1)?.killed === true && runs.at(-2)?.killed !== true;
}

function overlap(one: string, other: string): boolean {
  return one === other || one === 'all' || other === 'all';
}
