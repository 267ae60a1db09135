import type { NotifyConfig } from '../config/notify.js';
import { reasonOf } from '../errors.js';
import { redact } from '../util/redact.js';
import { beatEnd, beatStart, type RunName } from './heartbeat.js';
import { runHook } from './hook.js';
import { writeMetrics } from './metricsFile.js';
import type { Outcome } from './outcome.js';
import { documentOf, postOutcome } from './webhook.js';
import { usualTimeout, within } from './within.js';

type Warn = (line: string) => void;

/** Tells the heartbeat that a run begins. Never throws; what goes wrong is a warning. */
export async function tellStart(notify: NotifyConfig, run: RunName, warn: Warn): Promise<void> {
  const { heartbeat, timeout } = notify;
  // Of which pair, is not known yet: so neither is whose check it would be.
  if (heartbeat === undefined || run.pair === null) return;
  const send = async (signal: AbortSignal) => await beatStart(heartbeat, run, signal);
  await attempt('the heartbeat that the run begins', send, timeout, warn);
}

/** Tells everybody how a run ended, all at once. Never throws; what goes wrong is a warning. */
export async function tellEnd(notify: NotifyConfig, outcome: Outcome, warn: Warn): Promise<void> {
  const { heartbeat, webhook, command, metricsFile, timeout } = notify;
  const tell = async (whom: string, send: (signal: AbortSignal) => Promise<void>) =>
    await attempt(whom, send, timeout, warn);
  await Promise.all([
    heartbeat !== undefined &&
      tell('the heartbeat', async (signal) => await beatEnd(heartbeat, outcome, signal)),
    webhook !== undefined &&
      tell('the webhook', async (signal) => await postOutcome(webhook, outcome, signal)),
    command !== undefined &&
      tell(
        `the command ${command[0] ?? ''}`,
        async (signal) => await runHook(command, `${documentOf(outcome)}\n`, signal),
      ),
    metricsFile !== undefined &&
      tell('the metrics file', async () => await writeMetrics(metricsFile, outcome)),
  ]);
}

async function attempt(
  whom: string,
  send: (signal: AbortSignal) => Promise<void>,
  seconds = usualTimeout,
  warn: Warn,
): Promise<void> {
  try {
    await within(seconds, send);
  } catch (error) {
    warn(redact(`could not tell ${whom}: ${reasonOf(error)}`));
  }
}
