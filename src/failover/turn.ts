import type { Promotion } from '../catalog/promotions.js';
import type { ChannelStatus } from '../dialect/dialect.js';
import { StillpointError } from '../errors.js';
import { doing, perform, statement, type Act } from '../pair/act.js';
import type { ReplicationAccount } from '../pair/admin.js';
import { channelsOf } from '../pair/channels.js';
import { channelOf } from '../pair/following.js';
import { gtidStateOf, historyOf } from '../pair/position.js';
import type { Server } from '../pair/server.js';
import type { Observe } from '../util/observe.js';
import { waitFor } from '../util/wait.js';
import { goByGtid } from './extra.js';
import { followActs } from './follow.js';
import { applyReceived, type Received } from './relayLogs.js';
import { standingOf } from './standing.js';

/** A replica of the old source that is to follow the new one. */
export interface Turning {
  server: Server;
  source: Server;
  /** From the old source. */
  channel: ChannelStatus;
  /** The old source; null where it is gone. */
  old: Server | null;
  account: ReplicationAccount;
  kind: Promotion['kind'];
  /** What the new source has of the old one, and where its binary log stood then. */
  switched: Pick<Promotion, 'opensAt'> & { received: Received };
}

export interface TurnOptions {
  signal: AbortSignal;
  observe: Observe;
  dryRun: boolean;
}

/** Seconds for a replica to come to where it can go over, and to connect. */
const patience = 60;

/** Why a replica is not to be touched, as a clause; null where it works. */
export function whyLeft(channel: ChannelStatus): string | null {
  if (channel.applierErrno !== 0) return `its SQL thread has failed: ${channel.applierError}`;
  if (!channel.applierRunning) return 'its SQL thread is stopped';
  return channel.receiver === 'stopped' ? 'its I/O thread is stopped' : null;
}

/**
 * Lets a replica of the old source follow the new one, when that has all that it has and it is known from where. Null
 * when it follows; else it is left as it was, and this is why, as a clause. When it throws, the replica replicates.
 */
export async function turn(turning: Turning, how: TurnOptions): Promise<string | null> {
  const { server, source, channel, account, switched } = turning;
  const { name } = channel;
  const { dialect } = server;
  const goOn = async () => {
    const back = [dialect.stopReplica(name), dialect.startReplica(name)];
    await perform(
      back.map((sql) => statement(server, sql)),
      how,
    );
  };
  try {
    const isReady = (await goByGtid(server, source)) ? readyByGtid : readyByPosition;
    const why = await isReady(turning, how);
    if (why === null) {
      const { opensAt } = switched;
      const acts = await followActs(server, { source, account, channel: name, opensAt });
      await perform([...acts, untilConnected(turning, how)], how);
      return null;
    }
    await goOn();
    return why;
  } catch (error) {
    await goOn().catch(() => undefined);
    throw error;
  }
}

/** By GTIDs: it has nothing that the source lacks, and that still has what it lacks. */
async function readyByGtid(
  { server, source, channel, old }: Turning,
  how: TurnOptions,
): Promise<string | null> {
  const { dialect } = server;
  await perform([statement(server, dialect.stopReceiver(channel.name))], how);
  const ask = async (sql: string) => await source.query(sql);
  const has = await receivedHistoryOf(server, channel);
  // What the new source will have: all that it has received, in a switchover all of the old source.
  const willHave = async () =>
    old ? await historyOf(old) : await receivedHistoryOf(source, channel);
  const there = how.dryRun ? await willHave() : await historyOf(source);
  const beyond = await dialect.historyBeyond(ask, has, there);
  if (beyond !== '') return `it has ${beyond}, which the ${source.who} lacks`;
  const { applied } = await gtidStateOf(server);
  const late = applied === null ? '' : await source.dialect.whyNotFrom(ask, applied);
  return late === '' ? null : `it is too late for the ${source.who}: ${late}`;
}

/**
 * By positions: it must stand just where the new source stood in the binary log of the old one. That one may be there
 * still, in a switchover; else what was received is all there is.
 */
async function readyByPosition(turning: Turning, how: TurnOptions): Promise<string | null> {
  const { server, channel, kind, switched } = turning;
  const { dialect } = server;
  const { name } = channel;
  const { position } = switched.received;
  const text = ({ file, position: at }: typeof position) => `${file}:${at}`;
  const why = (is: ChannelStatus): string | null => {
    const standing = standingOf(is.executed, position);
    if (standing === 'same') return null;
    return `it is ${standing}: it stands at ${text(is.executed)} of the old source, the new one stood at ${text(position)}, and there are no GTIDs`;
  };
  if (switched.opensAt === null) return 'the new source writes no binary log';
  if (standingOf(channel.executed, position) === 'ahead') return why(channel);
  if (kind === 'failover') {
    if (standingOf(channel.received, position) === 'behind') return why(channel);
    const apply = doing(server, '-- wait until it has applied its relay logs', async () => {
      await applyReceived(server, name, { ...how, within: patience });
    });
    // A run that was killed has stopped it.
    const starts = channel.applierRunning ? [] : [statement(server, dialect.startApplier(name))];
    await perform([statement(server, dialect.stopReceiver(name)), ...starts, apply], how);
  } else {
    const to = [dialect.stopReplica(name), dialect.startReplicaUntil(name, { position })];
    const reach = doing(server, `-- wait until it stands at ${text(position)}`, async () => {
      await waitFor(async () => (why(await ownChannel(server, name)) === null ? true : null), {
        within: patience,
        every: 100,
        signal: how.signal,
      });
    });
    await perform([...to.map((sql) => statement(server, sql)), reach], how);
  }
  return how.dryRun ? null : why(await ownChannel(server, name));
}

/** What a server has, and what it has received over a channel from the same source as this one. */
async function receivedHistoryOf(server: Server, { sourceHost, sourcePort }: ChannelStatus) {
  const received = (await channelsOf(server))
    .filter((other) => other.sourceHost === sourceHost && other.sourcePort === sourcePort)
    .map(({ receivedGtid }) => receivedGtid);
  return [await historyOf(server), ...received].filter((gtids) => gtids !== '').join(',');
}

async function ownChannel(server: Server, name: string): Promise<ChannelStatus> {
  const found = (await channelsOf(server)).find((other) => other.name === name);
  if (!found) throw new StillpointError('failed', `a channel of the ${server.who} is gone`);
  return found;
}

function untilConnected({ server, source }: Turning, { signal }: TurnOptions): Act {
  return doing(server, '-- wait until it is connected', async () => {
    const isThere = async () => {
      const channel = await channelOf(server, source);
      if (channel?.receiver === 'stopped') throw notConnected(server, channel.receiverError);
      return channel?.receiver === 'running' ? true : null;
    };
    if (await waitFor(isThere, { within: patience, every: 100, signal })) return;
    throw notConnected(server, (await channelOf(server, source))?.receiverError ?? '');
  });
}

function notConnected(server: Server, why: string): StillpointError {
  return new StillpointError('failed', `the ${server.who} does not connect: ${why}`);
}
