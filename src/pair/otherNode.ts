import { number } from '../dialect/rows.js';
import { reasonOf, StillpointError } from '../errors.js';
import { waitFor } from '../util/wait.js';
import { isWritable } from './admin.js';
import { channelOf } from './following.js';
import { historyOf } from './position.js';
import type { Server } from './server.js';

/** Milliseconds between two looks at the other node, and how many in a row may fail. */
const every = 2000;
const patience = 3;
/** Seconds. */
const answersWithin = 5;

/**
 * Throws `refused` unless the other node takes writes and follows `node`, and they each other: only then
 * may `node` be taken out of writing. `maxLag` in seconds.
 */
export async function refuseUnlessServing(
  other: Server,
  node: Server,
  maxLag: number,
): Promise<void> {
  const only = `The ${node.who} is the only one that serves then, so it is left as it is.`;
  if (!(await isWritable(other))) {
    throw refused(`the ${other.who} takes no writes: it is read-only`, only);
  }
  if ((await channelOf(node, other)) === null) {
    throw refused(
      `the ${node.who} does not follow the ${other.who}`,
      'With topology: source-source each of the two follows the other; `stillpoint doctor` shows it.',
    );
  }
  const settled = await waitFor(
    async () => {
      const found = await channelOf(other, node);
      const isStarting =
        found?.applierRunning &&
        found.receiver !== 'stopped' &&
        found.receiverErrno === 0 &&
        found.lagSeconds === null;
      return isStarting ? null : { found };
    },
    { within: 10 },
  );
  const channel = settled?.found ?? (await channelOf(other, node));
  if (channel === null) throw refused(`the ${other.who} does not follow the ${node.who}`, only);
  if (!channel.applierRunning || channel.receiver !== 'running') {
    const error = channel.applierError || channel.receiverError;
    throw refused(
      `the ${other.who} does not replicate from the ${node.who}${error === '' ? '' : `: ${error}`}`,
      only,
    );
  }
  const lag = Math.max(0, (channel.lagSeconds ?? Infinity) - channel.delaySeconds);
  if (lag > maxLag) {
    throw refused(`the ${other.who} lags ${lag} s behind, the gate is ${maxLag} s`, only);
  }
}

/** Waits until `other` holds all that `node` has written until now. Throws `refused` when it does not in time. */
export async function waitForHandOver(
  node: Server,
  other: Server,
  { within, signal }: { within: number; signal: AbortSignal },
): Promise<void> {
  const { dialect } = node;
  const wanted = await historyOf(node);
  let missing = '';
  const done = await waitFor(
    async () => {
      const ask = async (sql: string) => await other.query(sql);
      missing = await dialect.historyBeyond(ask, wanted, await historyOf(other));
      return missing === '' ? true : null;
    },
    { within, every: 100, signal },
  );
  if (done) return;
  throw refused(
    `the ${other.who} has not applied ${missing} of the ${node.who} within ${within} s`,
    'Try again once it has caught up, or wait longer with drain.within.',
  );
}

/** Watches the node that serves alone: `gone` fires when it does not any more. `end` stops the watch. */
export function watchOther(other: Server): { gone: AbortSignal; end(): void } {
  const gone = new AbortController();
  let failed = 0;
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    const why = await other
      .query(other.dialect.writable(), answersWithin)
      .then(([row]) => (number(row ?? {}, 'writable') === 1 ? '' : 'it is read-only'), reasonOf)
      .finally(() => (isLooking = false));
    failed = why === '' ? 0 : failed + 1;
    if (failed < patience) return;
    gone.abort(
      new StillpointError('failed', `the ${other.who} no longer serves: ${why}`, {
        hint: 'The other node of the pair was put back at once. Mend this one, then run the backup again.',
      }),
    );
  };
  const timer = setInterval(() => void look(), every);
  return {
    gone: gone.signal,
    end() {
      clearInterval(timer);
    },
  };
}

function refused(message: string, hint: string): StillpointError {
  return new StillpointError('refused', message, { hint });
}
