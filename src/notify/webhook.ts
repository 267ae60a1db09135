import type { NotifyConfig } from '../config/notify.js';
import { redact } from '../util/redact.js';
import { deliver } from './deliver.js';
import { endpointOf, headerValues, urlText } from './endpoint.js';
import type { Outcome } from './outcome.js';
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
  const { format, on, headers, source } = settingsOf(webhook);
  if (on === 'failure' && outcome.status !== 'failed') return;
  const key = 'notify.webhook';
  const to = endpointOf(await urlText(source, key), key, outcome);
  const more = await headerValues(headers);
  const body = format === 'slack' ? JSON.stringify(slackMessage(outcome)) : documentOf(outcome);
  await deliver(
    {
      to: { ...to, headers: { ...to.headers, ...more } },
      body: redact(body),
      type: 'application/json',
    },
    signal,
  );
}

/** The result document, as webhooks and commands get it. */
export function documentOf(outcome: Outcome): string {
  return redact(JSON.stringify(outcome));
}
