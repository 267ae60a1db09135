import type { BackupRecord } from '../catalog/records.js';
import type { ChannelStatus, Dialect, SourceAddress } from '../dialect/dialect.js';
import { number } from '../dialect/rows.js';
import { reasonOf, StillpointError } from '../errors.js';
import { doing, perform, statement, type Act } from '../pair/act.js';
import { isPast, type Barrier } from '../pair/barrier.js';
import { channelsOf } from '../pair/channels.js';
import type { Server } from '../pair/server.js';
import type { Observe } from '../util/observe.js';
import { waitFor } from '../util/wait.js';

/** Seconds that a newly attached replica may take to connect to its source. */
const connectPatience = 60;

/**
 * The statements that make a restored server follow the source from where the backup was taken. With
 * GTIDs the server first forgets what it logged while it was loaded.
 */
export function attachStatements(
  dialect: Dialect,
  record: Pick<BackupRecord, 'coordinates'>,
  source: Omit<SourceAddress, 'channel'>,
): string[] {
  const { gtid, channels } = record.coordinates;
  const changes = channels.flatMap((channel) => [
    dialect.changeSource(
      { ...source, channel: channel.name },
      gtid === null ? { position: channel.source } : { gtid },
    ),
    dialect.startReplica(channel.name),
  ]);
  return [...(gtid === null ? [] : dialect.resetToGtid(gtid)), ...changes];
}

export interface AttachOptions {
  /** Seconds. */
  within: number;
  /** What the source had written; null when it did not say. */
  reach: Barrier | null;
  signal: AbortSignal;
  observe: Observe;
}

/** Throws `refused` for a backup of a replica with several sources: which one would it be? */
export function refuseSeveralSources(record: Pick<BackupRecord, 'coordinates' | 'id'>): void {
  if (record.coordinates.channels.length > 1) {
    throw new StillpointError(
      'refused',
      `backup ${record.id} was taken from a replica with several sources`,
      {
        hint: 'Attach each channel by hand; `stillpoint show ID` prints the coordinates of each.',
      },
    );
  }
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
 * Attaches a restored server and waits until it has caught up with the source. What an interrupted run has
 * attached goes on. One that may have been the source once needs another server_id meanwhile (`withOtherId`).
 */
export async function attach(
  target: Server,
  record: Pick<BackupRecord, 'coordinates' | 'id'>,
  source: Omit<SourceAddress, 'channel'>,
  options: AttachOptions,
): Promise<void> {
  const { observe } = options;
  await perform(await attachActs(target, record, source), { observe, dryRun: false });
  await caughtUp(target, options);
}

async function attachActs(
  target: Server,
  record: Pick<BackupRecord, 'coordinates'>,
  source: Omit<SourceAddress, 'channel'>,
): Promise<Act[]> {
  const { dialect } = target;
  const begun = (await channelsOf(target)).map(({ name }) => dialect.startReplica(name));
  if (begun.length > 0) return begun.map((sql) => statement(target, sql));
  const shown = attachStatements(dialect, record, { ...source, password: '…' });
  return attachStatements(dialect, record, source).map((sql, index) =>
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

async function caughtUp(target: Server, options: AttachOptions): Promise<void> {
  const started = performance.now();
  const isLate = () => performance.now() - started > connectPatience * 1000;
  let rested = 0;
  const done = await waitFor(
    async () => {
      const [channel] = await channelsOf(target);
      if (!channel) return null;
      const error = channel.applierError || (isLate() ? channel.receiverError : '');
      if (error !== '') {
        throw new StillpointError(
          'failed',
          `the ${target.who} does not follow the source: ${error}`,
          {
            hint: 'The data is restored; check the replication account and that the source still has its binary logs.',
          },
        );
      }
      await options.observe({ type: 'lag', seconds: channel.lagSeconds });
      if (channel.receiver !== 'running') return null;
      rested = (await hasReached(target, channel, options.reach)) ? rested + 1 : 0;
      return rested >= (options.reach === null ? restsFor : 1) ? true : null;
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
