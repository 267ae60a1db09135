import type { BinlogPosition, ChannelStatus } from '../dialect/dialect.js';
import { number } from '../dialect/rows.js';
import { StillpointError } from '../errors.js';
import type { Observe } from '../util/observe.js';
import { waitFor } from '../util/wait.js';
import { channelTitle, channelsOf } from './channels.js';
import { worstLag } from './lag.js';
import { gtidStateOf, ownPosition } from './position.js';
import type { Server } from './server.js';

/**
 * What a source has committed so far: its GTIDs, or where its binary log stands when it has none. Both
 * come before a commit is acknowledged, so that they hold all that a client was told of.
 */
export type Barrier = { gtid: string } | { position: BinlogPosition; source: string };

/** For people: the GTID, or file and position. */
export function barrierText(barrier: Barrier): string {
  if ('gtid' in barrier) return barrier.gtid;
  return `${barrier.position.file}:${barrier.position.position}`;
}

/** The barrier of this moment. Throws `refused` when the source writes no binary log. */
export async function barrierOf(source: Server): Promise<Barrier> {
  const { written } = await gtidStateOf(source);
  if (written !== null) return { gtid: written };
  const position = await ownPosition(source);
  if (position) return { position, source: source.uuid };
  throw new StillpointError('refused', `the ${source.who} writes no binary log`, {
    hint: 'Is it the server that the replica follows? `stillpoint status` shows the pair.',
  });
}

export interface ReachOptions {
  /** Seconds to wait. */
  within: number;
  /**
   * Seconds after which it is given up when the receiver has no connection all the time; with it there must be one
   * in the end. Default: none.
   */
  connects?: number;
  signal: AbortSignal;
  observe: Observe;
}

/**
 * Waits until a replica has applied everything up to a barrier. Throws `refused` when it does not in
 * time, when its receiver does not reach the source, and at once when it never will because one of its threads
 * has stopped.
 */
export async function reachBarrier(
  replica: Server,
  barrier: Barrier,
  { within, connects = Infinity, signal, observe }: ReachOptions,
): Promise<void> {
  const end = performance.now() + within * 1000;
  let lag = '';
  let connectedAt = performance.now();
  const reached = await waitFor(
    async () => {
      const channels = await channelsOf(replica);
      const broken = channels.find(({ receiver }) => receiver !== 'running');
      const has = await hasReached(replica, channels, barrier);
      if (has && (!broken || connects === Infinity)) return true;
      refuseStopped(replica, channels);
      const behindSeconds = worstLag(channels);
      if (!broken) connectedAt = performance.now();
      else if (performance.now() - connectedAt > connects * 1000) throw cutOff(replica, broken);
      if (broken?.receiverError) lag = ` (${broken.receiverError})`;
      else lag = behindSeconds === null ? '' : ` (it is ${behindSeconds} s behind)`;
      const secondsLeft = Math.max(0, (end - performance.now()) / 1000);
      await observe({ type: 'waiting', behindSeconds, secondsLeft });
      return null;
    },
    { within, every: 250, signal },
  );
  if (reached) return;
  throw new StillpointError(
    'refused',
    `the ${replica.who} has not reached ${barrierText(barrier)} within ${Math.ceil(within)} s${lag}`,
    { hint: 'Nothing was paused. Wait longer with --wait, or find out with `stillpoint status`.' },
  );
}

/** As in what SHOW REPLICA STATUS says of it, which may be nothing yet: a network can be silent. */
function cutOff(
  replica: Server,
  { sourceHost, sourcePort, receiverError }: ChannelStatus,
): StillpointError {
  const error = receiverError === '' ? '' : `: ${receiverError}`;
  return new StillpointError(
    'refused',
    `the ${replica.who} does not reach ${sourceHost}:${sourcePort}${error}`,
    {
      hint: `Open the way from it to there (firewall, bind_address). It goes on trying by itself.`,
    },
  );
}

async function hasReached(
  replica: Server,
  channels: readonly ChannelStatus[],
  barrier: Barrier,
): Promise<boolean> {
  if ('gtid' in barrier) {
    // Not 0 seconds: MySQL takes it for without end.
    const [row] = await replica.query(replica.dialect.waitForGtid(barrier.gtid, 1));
    return number(row ?? {}, 'reached') === 1;
  }
  // MariaDB does not tell who the source is; it has GTIDs as soon as anything was written.
  const channel = channels.find(
    ({ sourceUuid }) => (sourceUuid ?? barrier.source) === barrier.source,
  );
  if (channel) return isPast(channel.executed, barrier.position);
  throw new StillpointError(
    'refused',
    `the ${replica.who} does not follow the source itself, and there are no GTIDs to tell how far it is`,
    { hint: 'Name the server that the replica follows as source, or turn on GTIDs.' },
  );
}

function refuseStopped(replica: Server, channels: readonly ChannelStatus[]): void {
  if (channels.length === 0) {
    throw new StillpointError('refused', `the ${replica.who} does not replicate`, {
      hint: 'Is it the replica that the configuration means?',
    });
  }
  for (const channel of channels) {
    const isStopped = !channel.applierRunning || channel.receiver === 'stopped';
    const error = channel.applierError || channel.receiverError;
    if (!isStopped) continue;
    const title = channel.applierRunning ? 'the I/O thread' : channelTitle(channel);
    throw new StillpointError(
      'refused',
      `the ${replica.who} will not catch up: ${title} is stopped${error === '' ? '' : `: ${error}`}`,
      { hint: 'Nothing was paused. Mend replication first; `stillpoint status` shows it.' },
    );
  }
}

/** Whether one position of a binary log is at or behind another. The files are numbered. */
export function isPast(one: BinlogPosition, other: BinlogPosition): boolean {
  const number = ({ file }: BinlogPosition) => Number(file.replace(/^.*\./, ''));
  if (number(one) !== number(other)) return number(one) > number(other);
  return one.position >= other.position;
}
