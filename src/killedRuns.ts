import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { notifyOf } from './config/choose.js';
import type { Config } from './config/schema.js';
import { StillpointError } from './errors.js';
import { failureOf, type Outcome } from './notify/outcome.js';
import { tellEnd } from './notify/tell.js';
import { withRunLock } from './schedule/lock.js';
import { isOpen, openRecords, type ScheduleRun } from './schedule/records.js';
import { pairsOf, type Schedule } from './schedule/schedule.js';
import type { Clock } from './util/clock.js';
import { toolName } from './util/tool.js';

/** Whose clock it is, and who hears of what could not be told. */
export interface Telling {
  clock: Clock;
  warn: (line: string) => void;
}

/**
 * Looks what became of a run that has no end on record. When its process is gone it is marked as killed and
 * told as failed. `idle`: there is none.
 */
export async function settleRuns(
  config: Config,
  schedule: Schedule,
  telling: Telling,
): Promise<'idle' | 'going on' | 'killed'> {
  const { stateDir } = config;
  const records = openRecords(stateDir, schedule.name);
  if (!(await records.read()).runs.some(isOpen)) return 'idle';
  const lock = { stateDir, schedule: schedule.name, clock: telling.clock };
  try {
    const killed = await withRunLock(lock, async () => await records.markKilled());
    if (killed === null) return 'idle';
    await tellKilled(config, schedule, killed, telling);
    return 'killed';
  } catch (error) {
    if (error instanceof StillpointError && error.code === 'locked') return 'going on';
    throw error;
  }
}

/**
 * Tells that a run of a schedule was killed, which it could not do itself: the pair that it was at has failed,
 * and so have those that it had not come to. Never throws; a report is nobody's news.
 */
export async function tellKilled(
  config: Config,
  schedule: Schedule,
  { startedAt, left }: ScheduleRun,
  { clock, warn }: Telling,
): Promise<void> {
  const { name, action } = schedule;
  if (action === 'report') return;
  const known = Object.keys(config.pairs);
  const pairs = (left ?? pairsOf(schedule, known)).filter((pair) => known.includes(pair));
  for (const [at, pair] of pairs.entries()) {
    const before = at === 0 ? '' : ` before it came to ${pair}`;
    const error = new StillpointError(
      'failed',
      `the run of schedule ${name} that began at ${startedAt} was killed${before}`,
      {
        hint: `Look for what ended it: the system's log, the memory, the power. \`stillpoint status ${pair}\` shows how the replica is.`,
      },
    );
    const now = clock.now();
    const outcome: Outcome = {
      ...{ format: 1, event: `${action}.failed`, run: randomUUID(), action, pair },
      ...failureOf(error),
      ...{ startedAt, finishedAt: now.toISOString(), host: hostname(), tool: toolName() },
      seconds: Math.max(0, (now.getTime() - Date.parse(startedAt)) / 1000),
      ...{ record: null, log: [error.message] },
    };
    await tellEnd(notifyOf(config, pair), outcome, warn);
  }
}
