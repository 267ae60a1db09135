import type { NotifyConfig, UrlSource } from '../config/notify.js';
import { StillpointError } from '../errors.js';
import { deliver, type Answer, type Message } from './deliver.js';
import { endpointOf, urlText, type Endpoint } from './endpoint.js';
import { tailOf } from './log.js';
import { actions, type Action, type Outcome } from './outcome.js';

/** healthchecks.io cuts what is longer. */
const mostBytes = 100_000;

/** The part of an outcome that a start knows too. */
export type RunName = Pick<Outcome, 'run' | 'action' | 'pair'>;

type Heartbeat = NonNullable<NotifyConfig['heartbeat']>;

/**
 * Says that a run begins, so that the check knows how long it takes and when it is overdue. Nothing is
 * sent where the action has no check.
 */
export async function beatStart(
  heartbeat: Heartbeat,
  run: RunName,
  signal: AbortSignal,
): Promise<void> {
  await beat(heartbeat, run, '/start', undefined, signal);
}

/** Says that a run went well, or that it failed, with the end of its log. A skipped run says nothing. */
export async function beatEnd(
  heartbeat: Heartbeat,
  outcome: Outcome,
  signal: AbortSignal,
): Promise<void> {
  if (outcome.status === 'skipped') return;
  const failed = outcome.status === 'failed';
  const log = failed ? tailOf(outcome.log, mostBytes) : undefined;
  await beat(heartbeat, outcome, failed ? '/fail' : '', log, signal);
}

async function beat(
  heartbeat: Heartbeat,
  run: RunName,
  suffix: '/start' | '/fail' | '',
  body: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const check = await checkOf(heartbeat, run);
  if (!check) return;
  const to = { ...check, url: pingUrl(check.url, suffix, run.run) };
  await ping(body === undefined ? { to } : { to, body, type: 'text/plain' }, signal);
}

/**
 * Writes a line into the log of a check. This call says neither that a run went well nor that one failed, so
 * that it ends no alarm: <https://healthchecks.io/docs/signaling_log_events/>.
 */
export async function logAt(
  check: Endpoint,
  line: string,
  run: string,
  signal: AbortSignal,
): Promise<Answer> {
  const to = { ...check, url: pingUrl(check.url, '/log', run) };
  return await ping({ to, body: `${line}\n`, type: 'text/plain' }, signal);
}

async function ping(message: Message, signal: AbortSignal): Promise<Answer> {
  const answer = await deliver(message, signal);
  // It answers 200 also to a ping of a check that is not there.
  if (answer.text.startsWith('OK (not found)'))
    throw new StillpointError('failed', `${message.to.host} does not know this check`);
  return answer;
}

/** A check with the actions that call it. */
export interface Check {
  actions: Action[];
  to: Endpoint;
}

/** Every check that runs of a pair call. Throws `config` when the URL of one cannot be read, or is none. */
export async function checksOf(heartbeat: Heartbeat, pair: string): Promise<Check[]> {
  const checks = new Map<string, Check>();
  for (const action of actions) {
    const to = await checkOf(heartbeat, { action, pair });
    if (!to) continue;
    const known = checks.get(to.url.href);
    if (known) known.actions.push(action);
    else checks.set(to.url.href, { actions: [action], to });
  }
  return [...checks.values()];
}

/** The check of this run's action; null when there is none. */
async function checkOf(
  heartbeat: Heartbeat,
  run: Pick<RunName, 'action' | 'pair'>,
): Promise<Endpoint | null> {
  const found = await findCheck(heartbeat, run.action);
  if (!found || (run.pair === null && found.text.includes('{pair}'))) return null;
  return endpointOf(found.text, found.key, run);
}

/** Whether the check of this action stands for every pair, so that one that works hides one that does not. */
export async function isSharedByPairs(heartbeat: Heartbeat, action: Action): Promise<boolean> {
  const found = await findCheck(heartbeat, action);
  return found !== null && !found.text.includes('{pair}');
}

/**
 * The URL of the action's check, with its placeholders. One for everything must have `{action}` in it: else
 * a drill that went well would hide that backups no longer come.
 */
async function findCheck(
  heartbeat: Heartbeat,
  action: Action,
): Promise<{ text: string; key: string } | null> {
  const own = typeof heartbeat === 'string' ? undefined : heartbeat[action];
  const key = own === undefined ? 'notify.heartbeat' : `notify.heartbeat.${action}`;
  const source = own ?? sharedOf(heartbeat);
  if (source === undefined) return null;
  const text = await urlText(source, key);
  const fits = own !== undefined || action === 'backup' || text.includes('{action}');
  return fits ? { text, key } : null;
}

function sharedOf(heartbeat: Heartbeat): UrlSource | undefined {
  if (typeof heartbeat === 'string') return heartbeat;
  const { url, urlFile, urlEnv } = heartbeat;
  const isGiven = url !== undefined || urlFile !== undefined || urlEnv !== undefined;
  return isGiven ? heartbeat : undefined;
}

/** `https://host/uuid?create=1` as `https://host/uuid/start?create=1&rid=…`. */
function pingUrl(check: URL, suffix: string, run: string): URL {
  const url = new URL(check);
  url.pathname = url.pathname.replace(/\/$/, '') + suffix;
  url.searchParams.set('rid', run);
  return url;
}
