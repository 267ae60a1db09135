import type { Clock } from '../util/clock.js';
import { decide, ended, type Due, type Watched } from './due.js';
import type { Records } from './records.js';
import { timingOf, type Schedule } from './schedule.js';

/** At least so often the wall clock is looked at: a long timer would not see the clock being set. */
const tickMs = 30_000;

/** A run in a process of its own. */
export interface Running {
  /** Its exit status. Never rejects. */
  ended: Promise<number>;
  /** Asks it to end, which resumes a replica it has paused. */
  end(): void;
}

export interface DaemonOptions {
  schedules: readonly Schedule[];
  records: (name: string) => Records;
  clock: Clock;
  start: (name: string) => Running;
  /** Ends after so many milliseconds, or at once when the signal fires. Never rejects. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  say: (line: string) => void;
  /** Called once everything is read and watched. */
  ready: () => Promise<void>;
  signal: AbortSignal;
}

/**
 * Runs schedules when they are due, until the signal fires; then it ends what runs and waits for it. A
 * time that was missed since the last run, or since it was first watched, is caught up once.
 */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  const { schedules, records, clock, start, sleep, say, ready, signal } = options;
  let watched: Watched[] = [];
  for (const schedule of schedules) {
    const timing = timingOf(schedule);
    if (timing === null) continue;
    const { name, pair } = schedule;
    watched.push({ name, pair, timing, since: await watchedSince(records(name), clock) });
  }
  const running = new Map<string, { pair: string; run: Running }>();
  const told = new Set<string>();
  let woken = new AbortController();
  await ready();
  while (!signal.aborted) {
    const busy = [...running].map(([name, { pair }]) => ({ name, pair }));
    const decision = decide(watched, busy, clock.now());
    watched = decision.watched;
    for (const due of decision.start) begin(due);
    for (const { name, due } of decision.waiting) {
      const key = `${name} ${due.toISOString()}`;
      if (!told.has(key)) say(`${name}: due, and waits for another run on its pair`);
      told.add(key);
    }
    const toNextMinute = 60_000 - (clock.now().getTime() % 60_000);
    await sleep(Math.min(tickMs, toNextMinute), AbortSignal.any([signal, woken.signal]));
    if (woken.signal.aborted) woken = new AbortController();
  }
  for (const { run } of running.values()) run.end();
  await Promise.all([...running.values()].map(async ({ run }) => await run.ended));

  function begin({ name, pair, due }: Due): void {
    const late = Math.round((clock.now().getTime() - due.getTime()) / 60_000);
    say(`${name}: started${late > 1 ? `, ${late} min after it was due` : ''}`);
    const run = start(name);
    running.set(name, { pair, run });
    void run.ended.then((exit) => {
      running.delete(name);
      watched = ended(watched, name, clock.now());
      say(`${name}: ended with ${exit}`);
      woken.abort();
    });
  }
}

/** Until when nothing is to be caught up: the last run, or the first time it was watched, which is kept. */
async function watchedSince(records: Records, clock: Clock): Promise<Date> {
  const { runs, watchedSince } = await records.read();
  const last = runs.at(-1);
  if (last !== undefined) return new Date(last.endedAt ?? last.startedAt);
  if (watchedSince !== null) return new Date(watchedSince);
  const now = clock.now();
  await records.watchedSince(now);
  return now;
}
