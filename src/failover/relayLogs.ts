import type { ChannelStatus } from '../dialect/dialect.js';
import { number } from '../dialect/rows.js';
import { StillpointError } from '../errors.js';
import { channelsOf, channelTitle } from '../pair/channels.js';
import { gtidStateOf } from '../pair/position.js';
import type { Server } from '../pair/server.js';
import type { Observe } from '../util/observe.js';
import { waitFor } from '../util/wait.js';
import type { Promotion } from '../catalog/promotions.js';

/** What both servers say of an applier that has nothing left, whatever they call themselves. */
const readAll = /has read all relay log/i;

/** How often in a row an applier without GTIDs must be seen at rest, and be where it was. */
const restsFor = 3;

export interface ApplyOptions {
  /** Seconds. */
  within: number;
  signal: AbortSignal;
  observe: Observe;
}

/**
 * Waits until a replica whose receiver is stopped has applied all that it had received. Throws `failed`
 * when its applier stops on the way, `refused` when it takes longer than `within`.
 */
export async function applyReceived(
  replica: Server,
  name: string,
  { within, signal, observe }: ApplyOptions,
): Promise<ChannelStatus> {
  const end = performance.now() + within * 1000;
  let rested = 0;
  let last = '';
  const done = await waitFor(
    async () => {
      const channel = (await channelsOf(replica)).find((other) => other.name === name);
      if (!channel) throw new StillpointError('failed', `${channelTitle({ name })} is gone`);
      if (!channel.applierRunning) throw brokenOn(replica, channel);
      const at = JSON.stringify([channel.executed, channel.relay]);
      const rests = readAll.test(channel.applierState) && !(await isBusy(replica, name));
      rested = rests && at === last ? rested + 1 : 0;
      last = at;
      if (await hasApplied(replica, channel, rested)) return channel;
      const secondsLeft = Math.max(0, (end - performance.now()) / 1000);
      await observe({ type: 'waiting', behindSeconds: channel.lagSeconds, secondsLeft });
      return null;
    },
    { within, every: 250, signal },
  );
  if (done) return done;
  throw new StillpointError(
    'refused',
    `the ${replica.who} has not applied its relay logs within ${within} s`,
    { hint: 'It goes on. Wait longer with --wait: what is not applied would be lost.' },
  );
}

/**
 * By GTIDs where the receiver tells which it has, and else by position. A transaction of which only a part
 * came is never applied: then the applier rests before the end of what was received.
 */
async function hasApplied(
  replica: Server,
  { receivedGtid, executed, received }: ChannelStatus,
  rested: number,
): Promise<boolean> {
  if (executed.file === received.file && executed.position === received.position) return true;
  // MySQL still tells what it received before its GTIDs were turned off, but waits for none then.
  if (receivedGtid !== '' && (await goesByGtid(replica))) {
    const [row] = await replica.query(replica.dialect.waitForGtid(receivedGtid, 1));
    if (number(row ?? {}, 'reached') !== 1) return false;
  }
  return rested >= restsFor;
}

async function goesByGtid(replica: Server): Promise<boolean> {
  return (await gtidStateOf(replica)).applied !== null;
}

async function isBusy(replica: Server, name: string): Promise<boolean> {
  const [row] = await replica.query(replica.dialect.busyAppliers(name));
  return number(row ?? {}, 'busy') !== 0;
}

function brokenOn(replica: Server, channel: ChannelStatus): StillpointError {
  return new StillpointError(
    'failed',
    `${channelTitle(channel)} of the ${replica.who} stopped before it had applied everything: ${channel.applierError}`,
    {
      hint: `Mend that, start it (${replica.dialect.startApplier(channel.name)};), then run the same command again.`,
    },
  );
}

/** What a replica has of its source. */
export type Received = Omit<Promotion['received'], 'lastWritten'>;

/** What a replica has of its source, once it has applied everything. */
export async function receivedBy(
  replica: Server,
  { executed, received }: ChannelStatus,
  lastContact: Date | null,
): Promise<Received> {
  const isSameFile = executed.file === received.file;
  return {
    gtid: (await gtidStateOf(replica)).applied,
    position: executed,
    partialBytes: isSameFile ? Math.max(0, received.position - executed.position) : 0,
    lastContact: lastContact?.toISOString() ?? null,
  };
}
