import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { notifyOf } from './config/choose.js';
import type { Config } from './config/schema.js';
import { keepLog } from './notify/log.js';
import { failureOf, verdictOf, type Action, type Outcome } from './notify/outcome.js';
import { sharedCheck } from './notify/sharedCheck.js';
import { tellEnd, tellStart } from './notify/tell.js';
import { toolName } from './util/tool.js';
import { systemClock, type Clock } from './util/clock.js';
import { ignore, type DrillStep, type Observe, type Step } from './util/observe.js';

export interface ToldOptions {
  action: Action;
  /** May be left out when the configuration has one, or when the record that comes back names it. */
  pair?: string;
  observe?: Observe;
  /** Called for what could not be told. Default: an event of that kind. */
  warn?: (line: string) => void;
  clock?: Clock;
}

/**
 * The step at which a run is known to be the only one, while nothing is paused yet and what a dead run
 * left is put right; null: at once.
 */
const startsAt: Record<Action, Step | DrillStep | null> = {
  backup: 'gate',
  snapshot: 'gate',
  drill: 'download',
  prune: null,
};

/**
 * Runs `body` and tells those whom the configuration names under `notify` that it began and how it ended.
 * Returns and throws what `body` does, whatever becomes of the messages. Hand the `observe` that `body` is
 * given on to the run. A message takes `notify.timeout` at most, and none is under way while the replica
 * is paused.
 */
export async function told<T>(
  config: Config,
  options: ToldOptions,
  body: (observe: Observe) => Promise<T>,
): Promise<T> {
  const { action, observe = ignore, clock = systemClock } = options;
  const warn = options.warn ?? ((text: string) => void observe({ type: 'warning', text }));
  const pair = pairOf(config, options.pair);
  const run = { run: randomUUID(), action, pair };
  const startedAt = clock.now();
  const begun = clock.seconds();
  const log = keepLog(clock);

  const watched: Observe = async (event) => {
    log.event(event);
    await observe(event);
    if (event.type === 'step' && event.step === startsAt[action])
      await tellStart(notifyOf(config, pair), run, warn);
  };
  const end = async (how: Pick<Outcome, 'status' | 'exit' | 'error'>, record: unknown) => {
    if (how.error) log.line(`${how.error.code}: ${how.error.message}`);
    if (how.error?.hint) log.line(`hint: ${how.error.hint}`);
    const known = pair ?? pairOf(config, pairOfRecord(record));
    const outcome: Outcome = {
      format: 1,
      event: `${action}.${how.status}`,
      ...run,
      pair: known,
      ...how,
      startedAt: startedAt.toISOString(),
      finishedAt: clock.now().toISOString(),
      seconds: Math.round((clock.seconds() - begun) * 1000) / 1000,
      host: hostname(),
      tool: toolName(),
      record,
      log: log.lines(),
    };
    await tellEnd(notifyOf(config, known), outcome, warn);
    const shared = await sharedCheck(config, known, action).catch(() => null);
    if (shared !== null) warn(shared);
  };

  if (startsAt[action] === null) await tellStart(notifyOf(config, pair), run, warn);
  let value: T;
  try {
    value = await body(watched);
  } catch (error) {
    await end(failureOf(error), null);
    throw error;
  }
  await end(verdictOf(value), value);
  return value;
}

function pairOf(config: Config, name: string | undefined): string | null {
  const names = Object.keys(config.pairs);
  const chosen = name ?? (names.length === 1 ? names[0] : undefined);
  return chosen !== undefined && Object.hasOwn(config.pairs, chosen) ? chosen : null;
}

function pairOfRecord(record: unknown): string | undefined {
  const named = typeof record === 'object' && record !== null && 'pair' in record;
  return named && typeof record.pair === 'string' ? record.pair : undefined;
}
