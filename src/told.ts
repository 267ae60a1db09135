import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { NotifyConfig } from './config/notify.js';
import type { Config } from './config/schema.js';
import { isSharedByPairs } from './notify/heartbeat.js';
import { keepLog } from './notify/log.js';
import { failureOf, verdictOf, type Action, type Outcome } from './notify/outcome.js';
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
    await warnOfSharedCheck(config, outcome, warn);
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

function notifyOf(config: Config, pair: string | null): NotifyConfig {
  return { ...config.notify, ...(pair === null ? {} : config.pairs[pair]?.notify) };
}

async function warnOfSharedCheck(
  config: Config,
  { pair, action }: Outcome,
  warn: (line: string) => void,
): Promise<void> {
  const { heartbeat } = config.notify;
  const own = pair === null ? undefined : config.pairs[pair]?.notify?.heartbeat;
  const pairs = Object.keys(config.pairs).length;
  if (heartbeat === undefined || own !== undefined || pairs === 1) return;
  if (await isSharedByPairs(heartbeat, action).catch(() => false))
    warn(
      `notify.heartbeat is one check for ${pairs} pairs, so that one that works hides one that does not: write {pair} into its URL, or give each pair a notify of its own`,
    );
}
