import type { BinlogPosition } from '../dialect/dialect.js';
import { channelsOf, globalStatus } from '../pair/channels.js';
import { gtidStateOf, ownPosition } from '../pair/position.js';
import type { Server } from '../pair/server.js';

/** Where one channel of the replica stood. */
export interface ChannelCoordinates {
  /** Empty for the default channel. */
  name: string;
  host: string;
  port: number;
  /** Position in the source's binlog: what a restored server asks the source for. */
  source: BinlogPosition;
  /** The same point in the replica's relay log. */
  relay: BinlogPosition;
  /** Whether it asks the source by GTID, and reaches it by TLS. Left out of one that is yet to be made. */
  byGtid?: boolean;
  byTls?: boolean;
}

/** Where the replica stood, with everything that must not move while it stands still. */
export interface Coordinates {
  channels: ChannelCoordinates[];
  /**
   * MySQL: gtid_executed. MariaDB: gtid_slave_pos, or gtid_current_pos of a server that takes writes of
   * its own. Null where GTIDs are not in use.
   */
  gtid: string | null;
  /** Every GTID variable by name. */
  gtidMarks: Record<string, string>;
  /** The replica's own binlog; null when it writes none. */
  ownBinlog: BinlogPosition | null;
  serverUuid: string;
  /** Seconds the server has been up. */
  uptime: number;
  /** How often an applier was started since the server came up. */
  applierStarts: number;
  /** Channels whose applier runs. */
  running: string[];
}

/**
 * Reads the coordinates: once to record them, and again as the fence. With `ownWrites`, what the server
 * has written itself belongs to them.
 */
export async function readCoordinates(replica: Server, ownWrites: boolean): Promise<Coordinates> {
  const { dialect } = replica;
  const channels = await channelsOf(replica);
  const gtid = await gtidStateOf(replica);
  const ownBinlog = await ownPosition(replica);
  const status = await globalStatus(replica, ['Uptime', ...dialect.counters.starts]);
  const [uuidRow] = await replica.query(dialect.serverUuid());
  return {
    channels: channels.map((channel) => ({
      name: channel.name,
      host: channel.sourceHost,
      port: channel.sourcePort,
      source: channel.executed,
      relay: channel.relay,
      byGtid: channel.usesGtid,
      byTls: channel.usesTls,
    })),
    gtid: ownWrites ? gtid.held : gtid.applied,
    gtidMarks: gtid.marks,
    ownBinlog,
    serverUuid: String(uuidRow?.['uuid']),
    uptime: status.get('Uptime') ?? 0,
    applierStarts: dialect.counters.starts.reduce((sum, name) => sum + (status.get(name) ?? 0), 0),
    running: channels.filter((channel) => channel.applierRunning).map((channel) => channel.name),
  };
}
