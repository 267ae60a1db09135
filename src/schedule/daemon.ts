import { reasonOf } from '../errors.js';
import type { Clock } from '../util/clock.js';
import { decide, ended, isToRepeat, sinceOf, type Due, type Watched } from './due.js';
import type { Records } from './records.js';
import { timingOf, type Schedule } from './schedule.js';
import type { Timing } from './times.js';

/** At least so often the wall clock is looked at: a long timer would not see the clock being set. */
const tickMs = 30_000;

/** An exit status above it is that of a process which a signal has ended. */
const signalled = 128;

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
  /**
   * What became of a run that has no end on record: one that was killed is marked and told. `idle`: there is
   * none.
   */
  settle: (schedule: Schedule) => Promise<'idle' | 'going on' | 'killed'>;
  /** Ends after so many milliseconds, or at once when the signal fires. Never rejects. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  say: (line: string) => void;
  /** Called once everything is read and watched. */
  ready: () => Promise<void>;
  signal: AbortSignal;
}

/**
 * Runs schedules when they are due, until the signal fires; then it ends what runs and waits for it. A
 * time that was missed since the last run, or since it was first watched, is caught up once; a run that
 * was killed counts as missed, unless the one before it was killed too.
 */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  const { schedules, records, clock, start, settle, sleep, say, ready, signal } = options;
  let watched: Watched[] = [];
  const running = new Map<string, { pair: string; run: Running; done: Promise<void> }>();
  /** Runs of others: of a daemon that died, of somebody at a terminal. */
  const elsewhere = new Map<string, Schedule>();
  const told = new Set<string>();
  let woken = new AbortController();

  for (const schedule of schedules) {
    const timing = timingOf(schedule);
    if (timing === null) continue;
    const { name, pair } = schedule;
    await look(schedule);
    watched.push({ name, pair, timing, since: await watchedSince(records(name), timing, clock) });
  }
  await ready();
  while (!signal.aborted) {
    for (const schedule of [...elsewhere.values()]) await look(schedule).catch(trouble(schedule));
    const busy = [...running, ...elsewhere].map(([name, { pair }]) => ({ name, pair }));
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
  await Promise.all([...running.values()].map(async ({ done }) => await done));

  function begin({ name, pair, due }: Due): void {
    const begun = clock.now();
    const late = Math.round((begun.getTime() - due.getTime()) / 60_000);
    say(`${name}: started${late > 1 ? `, ${late} min after it was due` : ''}`);
    const run = start(name);
    const done = run.ended.then(async (exit) => {
      watched = ended(watched, name, clock.now());
      say(`${name}: ended with ${exit}`);
      const schedule = schedules.find((one) => one.name === name);
      if (schedule) await afterwards(schedule, begun, exit).catch(trouble(schedule));
      running.delete(name);
      woken.abort();
    });
    running.set(name, { pair, run, done });
  }

  /** Whether a run of ours was killed, also before it came to write that it began. */
  async function afterwards(schedule: Schedule, begun: Date, exit: number): Promise<void> {
    const kept = records(schedule.name);
    if (exit > signalled && !signal.aborted) {
      const last = (await kept.read()).runs.at(-1);
      const startedAt = begun.toISOString();
      if (last === undefined || last.startedAt < startedAt)
        await kept.put({ startedAt, endedAt: null, exit: null, error: null, pid: 0 });
    }
    await look(schedule);
  }

  /** What became of a run that has no end on record. */
  async function look(schedule: Schedule): Promise<void> {
    const { name } = schedule;
    const state = await settle(schedule);
    if (state === 'going on') {
      if (!elsewhere.has(name)) say(`${name}: a run goes on that was not started here`);
      elsewhere.set(name, schedule);
      return;
    }
    // As with a run of ours: it stands for what was due meanwhile.
    if (elsewhere.delete(name)) watched = ended(watched, name, clock.now());
    if (state !== 'killed') return;
    const record = await records(name).read();
    const then = isToRepeat(record.runs)
      ? 'it is repeated'
      : 'so was the one before, so it waits for its next time';
    say(`${name}: its last run was killed; ${then}`);
    watched = watched.map((one) =>
      one.name === name ? { ...one, since: sinceOf(record, one.timing) ?? one.since } : one,
    );
  }

  /** What cannot be seen of one schedule must not end the others. */
  function trouble({ name }: Schedule): (error: unknown) => void {
    return (error) => say(`${name}: ${reasonOf(error)}`);
  }
}

/** Until when nothing is to be caught up: the first time it was watched is kept. */
async function watchedSince(records: Records, timing: Timing, clock: Clock): Promise<Date> {
  const since = sinceOf(await records.read(), timing);
  if (since !== null) return since;
  const now = clock.now();
  await records.watchedSince(now);
  return now;
}
