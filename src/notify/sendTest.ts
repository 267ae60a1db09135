import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { NotifyConfig } from '../config/notify.js';
import { reasonOf, StillpointError } from '../errors.js';
import type { Clock } from '../util/clock.js';
import { redact } from '../util/redact.js';
import { toolName } from '../util/tool.js';
import { checksOf, logAt } from './heartbeat.js';
import { runHook } from './hook.js';
import type { TestOutcome } from './outcome.js';
import { documentOf, postTest } from './webhook.js';
import { usualTimeout, within } from './within.js';

/** What became of a test in one channel. */
export interface ChannelTest {
  channel: 'heartbeat' | 'webhook' | 'command' | 'metricsFile';
  /** Which runs its check is for; null for what is not a heartbeat. */
  actions: string[] | null;
  /** `untouched`: a test would leave something false there. */
  status: 'arrived' | 'failed' | 'untouched';
  /** The status that HTTP answered with when it arrived; null where there is none. */
  answer: number | null;
  seconds: number;
  /** What happened, in words, without a secret. */
  detail: string;
  /** What to do when it failed. */
  hint: string | null;
}

const line =
  'This is a test, sent by `stillpoint notify test`: nothing ran, and nothing went well or failed.';

/**
 * Sends one message that says it is a test to everybody who is told of a pair's runs, all at once, and waits
 * for what comes of it. Never throws for what does not arrive. A heartbeat gets it as a line of its log, since
 * a ping would count as a run that went well; the metrics file is left as it is.
 */
export async function sendTest(
  notify: NotifyConfig,
  pair: string,
  clock: Clock,
): Promise<ChannelTest[]> {
  const { heartbeat, webhook, command, metricsFile, timeout = usualTimeout } = notify;
  const test = testOutcome(pair, clock);
  const send = async (of: Sent, work: (signal: AbortSignal) => Promise<Arrived>) =>
    await attempt(of, clock, async () => await within(timeout, work));
  const tests: Promise<ChannelTest | ChannelTest[]>[] = [];
  if (heartbeat !== undefined) tests.push(toChecks(heartbeat));
  if (webhook !== undefined) tests.push(send({ channel: 'webhook' }, toWebhook(webhook)));
  if (command !== undefined) tests.push(send({ channel: 'command' }, toCommand(command)));
  const found = (await Promise.all(tests)).flat();
  return metricsFile === undefined ? found : [...found, untouched(metricsFile)];

  async function toChecks(named: NonNullable<NotifyConfig['heartbeat']>): Promise<ChannelTest[]> {
    const channel = 'heartbeat';
    // One whose URL cannot be read is the test of all of them.
    const checks = await checksOf(named, pair).catch((error: unknown) =>
      failure({ channel }, error),
    );
    if (!Array.isArray(checks)) return [checks];
    const sent = checks.map(({ actions, to }) =>
      send({ channel, actions }, async (signal) => {
        const { status } = await logAt(to, line, test.run, signal);
        return { answer: status, detail: `${to.host} answered ${status} to its /log` };
      }),
    );
    return await Promise.all(sent);
  }

  function toWebhook(named: NonNullable<NotifyConfig['webhook']>) {
    return async (signal: AbortSignal): Promise<Arrived> => {
      const { host, answer } = await postTest(named, test, signal);
      return { answer: answer.status, detail: `${host} answered ${answer.status}` };
    };
  }

  function toCommand(argv: readonly string[]) {
    return async (signal: AbortSignal): Promise<Arrived> => {
      await runHook(argv, `${documentOf(test)}\n`, signal);
      return { answer: null, detail: `${argv[0] ?? ''} ended with 0` };
    };
  }
}

const channelOf = ({ channel, actions }: Sent) => ({ channel, actions: actions ?? null });

type Sent = Pick<ChannelTest, 'channel'> & { actions?: string[] };
type Arrived = Pick<ChannelTest, 'answer' | 'detail'>;

async function attempt(of: Sent, clock: Clock, work: () => Promise<Arrived>): Promise<ChannelTest> {
  const begun = clock.seconds();
  const took = () => Math.round((clock.seconds() - begun) * 1000) / 1000;
  try {
    const arrived = await work();
    return { ...channelOf(of), status: 'arrived', ...arrived, seconds: took(), hint: null };
  } catch (error) {
    return { ...failure(of, error), seconds: took() };
  }
}

function failure(of: Sent, error: unknown): ChannelTest {
  const { channel, actions } = channelOf(of);
  const detail = redact(reasonOf(error));
  const given = error instanceof StillpointError ? error.hint : undefined;
  const hint = channel === 'heartbeat' && / answered 4\d\d$/.test(detail) ? noLog : (given ?? null);
  return { channel, actions, status: 'failed', answer: null, seconds: 0, detail, hint };
}

const noLog =
  'It knows no such check, or has no /log. A plain ping would count as a run that went well, so none was sent.';

function untouched(file: string): ChannelTest {
  const detail = `${file} is left as it is: \`stillpoint doctor\` looks at it`;
  return {
    ...{ channel: 'metricsFile', actions: null, status: 'untouched', answer: null },
    ...{ seconds: 0, detail, hint: null },
  };
}

function testOutcome(pair: string, clock: Clock): TestOutcome {
  const at = clock.now().toISOString();
  return {
    ...{ format: 1, event: 'notify.test', run: randomUUID(), action: 'test', pair, status: 'test' },
    ...{ exit: 0, error: null, startedAt: at, finishedAt: at, seconds: 0 },
    ...{ host: hostname(), tool: toolName(), record: null, log: [line] },
  };
}
