import type { BackupRecord } from '../catalog/records.js';
import type { BinlogPosition, ChannelStatus, Dialect, SourceAddress } from '../dialect/dialect.js';
import { number } from '../dialect/rows.js';
import { reasonOf, StillpointError } from '../errors.js';
import { doing, perform, type Act } from '../pair/act.js';
import { isPast, type Barrier } from '../pair/barrier.js';
import { channelsOf } from '../pair/channels.js';
import { worstLag } from '../pair/lag.js';
import type { Server } from '../pair/server.js';
import type { Observe } from '../util/observe.js';
import { waitFor } from '../util/wait.js';

/** Seconds that a newly attached replica may take to connect to its source. */
const connectPatience = 60;

/** What is read of the coordinates of a backup. */
export interface Attached {
  coordinates: {
    gtid: string | null;
    channels: readonly { name: string; source: BinlogPosition; byGtid?: boolean | undefined }[];
  };
}

/**
 * The statements that make a restored server follow its sources, one for each channel of the backup, from where
 * that was taken. With GTIDs the server first forgets what it logged while it was loaded. `begun` are the channels
 * that it has already.
 */
export function attachStatements(
  dialect: Dialect,
  record: Attached,
  sources: readonly SourceAddress[],
  begun: readonly string[] = [],
): string[] {
  const { gtid, channels } = record.coordinates;
  const changes = channels.flatMap((channel) => {
    if (begun.includes(channel.name)) return [dialect.startReplica(channel.name)];
    const source = sources.find((one) => one.channel === channel.name);
    if (!source) throw new Error(`no address for channel ${channel.name}`);
    // Of several MariaDB channels, those that share a domain cannot go by GTID.
    const byGtid = channels.length === 1 || channel.byGtid === true;
    const from = gtid !== null && byGtid ? { gtid } : { position: channel.source };
    return [dialect.changeSource(source, from), dialect.startReplica(channel.name)];
  });
  return [...(gtid === null || begun.length > 0 ? [] : dialect.resetToGtid(gtid)), ...changes];
}

export interface AttachOptions {
  /** Seconds. */
  within: number;
  /** What each source had written, by channel; null when it did not say. */
  reach: ReadonlyMap<string, Barrier | null>;
  signal: AbortSignal;
  observe: Observe;
}

/** Throws `refused` for a backup whose replica is no source of its own: what it wrote may be missing. */
export function refuseFollowingReplica(record: Pick<BackupRecord, 'coordinates' | 'id'>): void {
  if (record.coordinates.directions !== undefined) return;
  throw new StillpointError(
    'refused',
    `backup ${record.id} is not of a pair with two writers, so it can be attached to its source only`,
    { hint: 'Follow the source, or take a new backup with topology: source-source.' },
  );
}

/**
 * Attaches a restored server and waits until it has caught up with its sources. What an interrupted run has
 * attached goes on. One that may have been the source once needs another server_id meanwhile (`withOtherId`).
 */
export async function attach(
  target: Server,
  record: Pick<BackupRecord, 'coordinates' | 'id'>,
  sources: readonly SourceAddress[],
  options: AttachOptions,
): Promise<void> {
  const { observe } = options;
  await perform(await attachActs(target, record, sources), { observe, dryRun: false });
  await caughtUp(target, options);
}

async function attachActs(
  target: Server,
  record: Pick<BackupRecord, 'coordinates'>,
  sources: readonly SourceAddress[],
): Promise<Act[]> {
  const { dialect } = target;
  const begun = (await channelsOf(target)).map(({ name }) => name);
  const hidden = sources.map((source) => ({ ...source, password: '…' }));
  const shown = attachStatements(dialect, record, hidden, begun);
  return attachStatements(dialect, record, sources, begun).map((sql, index) =>
    doing(target, shown[index] ?? '', async () => {
      await target.query(sql).catch((error: unknown) => {
        throw new StillpointError('failed', `cannot attach the ${target.who}: ${reasonOf(error)}`, {
          hint: `The data is restored. The statement was: ${sql.split(' ').slice(0, 4).join(' ')} …`,
          cause: error,
        });
      });
    }),
  );
}

/** How often in a row a replica of a source that tells nothing must be seen to have all that it has received. */
const restsFor = 3;

async function caughtUp(
  target: Server,
  { reach, observe, ...options }: AttachOptions,
): Promise<void> {
  const started = performance.now();
  const isLate = () => performance.now() - started > connectPatience * 1000;
  const rests = [...reach.values()].includes(null) ? restsFor : 1;
  let rested = 0;
  const done = await waitFor(
    async () => {
      const channels = await channelsOf(target);
      for (const channel of channels) refuseBroken(target, channel, isLate());
      await observe({ type: 'lag', seconds: worstLag(channels) });
      const isThere = channels.length > 0 && (await haveReached(target, channels, reach));
      rested = isThere ? rested + 1 : 0;
      return rested >= rests ? true : null;
    },
    { within: options.within, every: 250, signal: options.signal },
  );
  if (!done) {
    throw new StillpointError(
      'failed',
      `the ${target.who} has not caught up within ${options.within} s`,
      { hint: 'It goes on by itself; SHOW REPLICA STATUS on it tells how far it is.' },
    );
  }
}

function refuseBroken(target: Server, channel: ChannelStatus, isLate: boolean): void {
  // One that tries again may find its source yet; one that has stopped with an error does not.
  const hasGivenUp = channel.receiver === 'stopped' && channel.receiverErrno !== 0;
  const error = channel.applierError || (isLate || hasGivenUp ? channel.receiverError : '');
  if (error === '') return;
  const whom = channel.name === '' ? 'the source' : `the source of channel "${channel.name}"`;
  throw new StillpointError('failed', `the ${target.who} does not follow ${whom}: ${error}`, {
    hint: 'The data is restored; check the replication account and that the source still has its binary logs.',
  });
}

async function haveReached(
  target: Server,
  channels: readonly ChannelStatus[],
  reach: ReadonlyMap<string, Barrier | null>,
): Promise<boolean> {
  for (const channel of channels) {
    if (channel.receiver !== 'running') return false;
    if (!(await hasReached(target, channel, reach.get(channel.name) ?? null))) return false;
  }
  return true;
}

/** Without anything to reach, what the receiver has read so far has to do. */
async function hasReached(
  target: Server,
  channel: ChannelStatus,
  reach: Barrier | null,
): Promise<boolean> {
  if (reach === null) {
    const { executed, received } = channel;
    const all = executed.file === received.file && executed.position === received.position;
    return channel.lagSeconds === 0 && all;
  }
  if ('position' in reach) return isPast(channel.executed, reach.position);
  const [row] = await target.query(target.dialect.waitForGtid(reach.gtid, 1));
  return number(row ?? {}, 'reached') === 1;
}
