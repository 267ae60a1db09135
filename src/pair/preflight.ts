import type { ChannelStatus } from '../dialect/dialect.js';
import { number, text } from '../dialect/rows.js';
import { StillpointError } from '../errors.js';
import { waitFor } from '../util/wait.js';
import { isClosed, isWritable } from './admin.js';
import { channelsOf, channelTitle, globalStatus } from './channels.js';
import type { Server } from './server.js';
import { variablesOf } from './variables.js';

/** Seconds that open temporary tables and prepared XA transactions are waited for. */
const patience = 20;

/**
 * Decides whether the replica may be paused, before anything is touched. Throws `refused` with the
 * reason; returns the channels as they run now.
 */
export async function gate(replica: Server, maxLag: number): Promise<ChannelStatus[]> {
  await refuseClusters(replica);
  const channels = await settledChannels(replica);
  if (channels.length === 0) {
    throw refused(
      `the ${replica.who} replicates nothing`,
      'Has it become the source? `stillpoint status` shows who follows whom; name a replica in the configuration.',
    );
  }
  for (const channel of channels) refuseChannel(replica, channel, maxLag);
  await refuseFullRelayLogs(replica, channels);
  await refuseShortStop(replica);
  await refuseLooseOrder(replica);
  await refuseOpenTempTables(replica);
  await refusePreparedXa(replica);
  return channels;
}

/** An applier that was started a moment ago may still be without a lag. */
async function settledChannels(replica: Server): Promise<ChannelStatus[]> {
  const ready = (channel: ChannelStatus) =>
    !channel.applierRunning ||
    channel.receiver === 'stopped' ||
    channel.receiverErrno !== 0 ||
    channel.lagSeconds !== null;
  const found = await waitFor(
    async () => {
      const channels = await channelsOf(replica);
      return channels.every(ready) ? channels : null;
    },
    { within: 10 },
  );
  return found ?? (await channelsOf(replica));
}

function refuseChannel(replica: Server, channel: ChannelStatus, maxLag: number): void {
  const thread = `${channelTitle(channel)} of the ${replica.who}`;
  if (channel.name === 'group_replication_applier') {
    throw refused(
      `the ${replica.who} is a member of a replication group`,
      'Pausing a channel does not stop the writes of a group; back up an asynchronous replica of it.',
    );
  }
  if (!channel.applierRunning) {
    const error = channel.applierErrno
      ? ` with error ${channel.applierErrno}: ${channel.applierError}`
      : '';
    throw refused(
      `${thread} is stopped${error}`,
      `Someone else stopped it, so it stays as it is; start it with: ${replica.dialect.startApplier(channel.name)};`,
    );
  }
  if (channel.receiver !== 'running') {
    const error = channel.receiverError ? `: ${channel.receiverError}` : '';
    throw refused(
      `the I/O thread of the ${replica.who} is ${channel.receiver}${error}`,
      'The replica does not follow its source; mend that first.',
    );
  }
  const lag = Math.max(0, (channel.lagSeconds ?? Infinity) - channel.delaySeconds);
  if (lag > maxLag) {
    throw refused(
      `the ${replica.who} lags ${lag} s behind its source, the gate is ${maxLag} s`,
      'Wait until it has caught up, or raise freeze.maxLag.',
    );
  }
  if (channel.filters.length > 0) {
    throw refused(
      `the ${replica.who} has replication filters (${channel.filters.join(', ')})`,
      'It lacks data that its source has: the coordinates would not fit the backup. Use a replica without filters.',
    );
  }
}

/** What the source writes during the pause goes to the relay logs: half of what they may take is left. */
async function refuseFullRelayLogs(
  replica: Server,
  channels: readonly ChannelStatus[],
): Promise<void> {
  const values = await variablesOf(replica, ['relay_log_space_limit']);
  const limit = Number(values.get('relay_log_space_limit') ?? 0);
  const full = channels.find(({ relayLogBytes }) => relayLogBytes * 2 > limit);
  if (limit === 0 || !full) return;
  throw refused(
    `the relay logs of the ${replica.who} hold ${full.relayLogBytes} of ${limit} bytes`,
    'A pause would fill them and hold up the source; raise relay_log_space_limit, or wait.',
  );
}

/** After that time the server answers a STOP with an error, which still takes effect at some later time. */
async function refuseShortStop(replica: Server): Promise<void> {
  const names = ['rpl_stop_replica_timeout', 'rpl_stop_slave_timeout'];
  for (const [name, seconds] of await variablesOf(replica, names)) {
    if (Number(seconds) >= 3600) continue;
    throw refused(
      `the ${replica.who} gives up a STOP after ${seconds} s, but stops later (${name})`,
      `Nobody would start it then. On it: SET GLOBAL ${name} = 31536000;`,
    );
  }
}

async function refuseClusters(replica: Server): Promise<void> {
  const [wsrep] = await replica.query("SHOW GLOBAL VARIABLES LIKE 'wsrep_on'");
  if (text(wsrep ?? {}, 'Value') === 'ON') {
    throw refused(
      `the ${replica.who} is a Galera node`,
      'Pausing a channel does not stop the writes of the cluster; back up an asynchronous replica of it.',
    );
  }
}

/**
 * Several MySQL workers that may commit out of order leave file and position as a low-water mark only:
 * then just GTIDs say what has been applied.
 */
async function refuseLooseOrder(replica: Server): Promise<void> {
  if (replica.dialect.version.flavour === 'mariadb') return;
  const values = await variablesOf(replica, [
    'slave_parallel_workers',
    'replica_parallel_workers',
    'slave_preserve_commit_order',
    'replica_preserve_commit_order',
    'gtid_mode',
  ]);
  const value = (name: string) =>
    values.get(`replica_${name}`) ?? values.get(`slave_${name}`) ?? '';
  const loose =
    Number(value('parallel_workers')) > 1 && !['ON', '1'].includes(value('preserve_commit_order'));
  if (loose && values.get('gtid_mode') !== 'ON') {
    throw refused(
      `the ${replica.who} applies transactions out of order and has no GTIDs`,
      'Set replica_preserve_commit_order=ON or gtid_mode=ON on it.',
    );
  }
}

async function refuseOpenTempTables(replica: Server): Promise<void> {
  const names = replica.dialect.counters.openTempTables;
  const none = await waitFor(
    async () => {
      const status = await globalStatus(replica, names);
      return [...status.values()].some((value) => value > 0) ? null : true;
    },
    { within: patience },
  );
  if (!none) {
    throw refused(
      `the SQL thread of the ${replica.who} holds open temporary tables`,
      'A backup would not hold them. Replicate by row (binlog_format=ROW), or try again later.',
    );
  }
}

/** A prepared XA transaction is in the recorded GTID set but not in the dump. */
export async function refusePreparedXa(replica: Server, within = patience): Promise<void> {
  const none = await waitFor(
    async () => ((await replica.query('XA RECOVER')).length === 0 ? true : null),
    { within },
  );
  if (!none) {
    throw refused(
      `the ${replica.who} holds a prepared XA transaction`,
      'A backup would miss it. Commit or roll it back on the source, or try again later.',
    );
  }
}

/**
 * Whether accounts without special privileges, or an event, may write to the replica, so that only a
 * read lock makes it stand still.
 */
export async function takesWrites(replica: Server): Promise<boolean> {
  if (await isWritable(replica)) return true;
  // On MariaDB an event whose definer has READ_ONLY ADMIN writes to a closed server too.
  if (replica.dialect.superReadOnly && (await isClosed(replica))) return false;
  const [events] = await replica.query(
    "SELECT COUNT(*) AS events FROM information_schema.EVENTS WHERE STATUS = 'ENABLED' AND @@GLOBAL.event_scheduler = 'ON'",
  );
  return (number(events ?? {}, 'events') ?? 0) > 0;
}

function refused(message: string, hint: string): StillpointError {
  return new StillpointError('refused', message, { hint });
}
