import type { NotifyConfig } from '../config/notify.js';
import { redact } from '../util/redact.js';
import { deliver, type Answer } from './deliver.js';
import { endpointOf, headerValues, urlText } from './endpoint.js';
import type { Outcome, TestOutcome } from './outcome.js';
import { slackMessage } from './slack.js';

type Webhook = NonNullable<NotifyConfig['webhook']>;

/** What is set of a webhook, each default filled in, and where its URL comes from. */
export function settingsOf(webhook: Webhook) {
  const { format, on, headers, ...source } =
    typeof webhook === 'string'
      ? ({ url: webhook, format: 'json', on: 'always', headers: {} } as const)
      : webhook;
  return { format, on, headers, source };
}

/** Posts the outcome as JSON, or as a message for Slack, where it is one that was asked for. */
export async function postOutcome(
  webhook: Webhook,
  outcome: Outcome,
  signal: AbortSignal,
): Promise<void> {
  if (settingsOf(webhook).on === 'failure' && outcome.status !== 'failed') return;
  await post(webhook, outcome, outcome, signal);
}

/** Posts a test, also where only failures were asked for. */
export async function postTest(
  webhook: Webhook,
  test: TestOutcome,
  signal: AbortSignal,
): Promise<{ host: string; answer: Answer }> {
  // Where the URL has {action} in it, that of the most usual run: nobody listens for a test.
  return await post(webhook, test, { pair: test.pair, action: 'backup' }, signal);
}

async function post(
  webhook: Webhook,
  outcome: Outcome | TestOutcome,
  words: { pair: string | null; action: string },
  signal: AbortSignal,
): Promise<{ host: string; answer: Answer }> {
  const { format, headers, source } = settingsOf(webhook);
  const key = 'notify.webhook';
  const to = endpointOf(await urlText(source, key), key, words);
  const more = await headerValues(headers);
  const body = format === 'slack' ? JSON.stringify(slackMessage(outcome)) : documentOf(outcome);
  const answer = await deliver(
    {
      to: { ...to, headers: { ...to.headers, ...more } },
      body: redact(body),
      type: 'application/json',
    },
    signal,
  );
  return { host: to.host, answer };
}

/** The result document, as webhooks and commands get it. */
export function documentOf(outcome: Outcome | TestOutcome): string {
  return redact(JSON.stringify(outcome));
}
