import { notifyOf } from '../config/choose.js';
import type { NotifyConfig } from '../config/notify.js';
import type { Config } from '../config/schema.js';
import { reasonOf } from '../errors.js';
import { each, type Finding } from '../pair/checks.js';
import { findExecutable } from '../util/executable.js';
import { redact } from '../util/redact.js';
import { checkMetricsFile } from './checkMetricsFile.js';
import { endpointOf, headerValues, urlText, type Endpoint } from './endpoint.js';
import { checksOf } from './heartbeat.js';
import { actions } from './outcome.js';
import { reach } from './reach.js';
import { sharedCheck } from './sharedCheck.js';
import { settingsOf } from './webhook.js';
import { usualTimeout, within } from './within.js';

/**
 * What can be seen of those who are told of a pair's runs without disturbing anyone: no ping is sent, nothing
 * is run, no file is written. A connection may take `notify.timeout`, 10 s at most.
 */
export async function checkNotify(config: Config, pair: string): Promise<Finding[]> {
  const notify = notifyOf(config, pair);
  const { heartbeat, webhook, command, metricsFile, timeout = usualTimeout } = notify;
  const most = Math.min(timeout, usualTimeout);
  return await each([
    ['notify', () => Promise.resolve(checkAudience(notify))],
    ...(heartbeat === undefined
      ? []
      : [['notify: heartbeat', () => checkHeartbeat(config, pair, heartbeat, most)] as const]),
    ...(webhook === undefined
      ? []
      : [['notify: webhook', () => checkWebhook(webhook, pair, most)] as const]),
    ...(command === undefined ? [] : [['notify: command', () => checkCommand(command)] as const]),
    ...(metricsFile === undefined
      ? []
      : [['notify: metrics file', async () => [await checkMetricsFile(metricsFile)]] as const]),
  ]);
}

/** Says nothing where a heartbeat or metrics let somebody else see that no run came. */
function checkAudience({ heartbeat, webhook, command, metricsFile }: NotifyConfig): Finding[] {
  if (heartbeat !== undefined || metricsFile !== undefined) return [];
  const hasNews = webhook !== undefined || command !== undefined;
  const detail = hasNews
    ? 'only what runs is told: nobody would hear that no backup came'
    : 'nobody is told how a run ended, or that none came';
  const fix = 'Name a heartbeat or a metricsFile under notify: see docs/monitoring.md.';
  return [{ name: 'notify', status: 'warn', detail, fix }];
}

async function checkHeartbeat(
  config: Config,
  pair: string,
  heartbeat: NonNullable<NotifyConfig['heartbeat']>,
  most: number,
): Promise<Finding[]> {
  const name = 'notify: heartbeat';
  const checks = await checksOf(heartbeat, pair);
  const findings: Finding[] = [];
  for (const origin of new Set(checks.map(({ to }) => to.url.origin))) {
    const there = checks.filter(({ to }) => to.url.origin === origin);
    const [first] = there;
    if (!first) continue;
    const called = actions.filter((action) =>
      there.some((check) => check.actions.includes(action)),
    );
    findings.push(await look(name, first.to, most, `for ${called.join(', ')}`));
  }
  const [action] = checks.flatMap((check) => check.actions);
  const shared = action === undefined ? null : await sharedCheck(config, pair, action);
  if (shared !== null) findings.push({ name, status: 'warn', detail: shared });
  return findings;
}

async function checkWebhook(
  webhook: NonNullable<NotifyConfig['webhook']>,
  pair: string,
  most: number,
): Promise<Finding[]> {
  const { source, headers, on, format } = settingsOf(webhook);
  const key = 'notify.webhook';
  const to = endpointOf(await urlText(source, key), key, { pair, action: 'backup' });
  await headerValues(headers);
  const what = format === 'slack' ? 'as a message for Slack' : 'as JSON';
  return [
    await look('notify: webhook', to, most, `${on === 'failure' ? 'failures' : 'all'} ${what}`),
  ];
}

/** Whether its host can be reached; `told` is what it is told. */
async function look(name: string, to: Endpoint, most: number, told: string): Promise<Finding> {
  const way = to.url.protocol === 'https:' ? 'with TLS' : 'without TLS';
  try {
    await within(most, async (signal) => await reach(to, signal));
    return { name, status: 'ok', detail: `${to.host} takes connections ${way}; ${told}` };
  } catch (error) {
    const reason = reasonOf(error);
    const detail = redact(reason.startsWith(to.host) ? reason : `${to.host}: ${reason}`);
    const fix = 'Look at its name, and whether a firewall is between. Proxies are not heeded.';
    return { name, status: 'fail', detail, fix };
  }
}

async function checkCommand([file = '']: readonly string[]): Promise<Finding[]> {
  const name = 'notify: command';
  const fix = 'Write its whole path under notify.command, and chmod +x it.';
  return await findExecutable(file).then(
    (path) => [{ name, status: 'ok', detail: path }],
    (error: unknown) => [{ name, status: 'fail', detail: reasonOf(error), fix }],
  );
}
