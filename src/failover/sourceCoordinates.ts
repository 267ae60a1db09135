import type { Coordinates } from '../freeze/coordinates.js';
import type { Server } from '../pair/server.js';

/**
 * The coordinates of a source as a replica of it would have them that has applied everything: where its own
 * binary log stands, and the GTIDs that it has written.
 */
export function sourceCoordinates(source: Server, read: Coordinates): Coordinates {
  const { host, port } = source.settings;
  const at = read.ownBinlog ?? { file: '', position: 0 };
  const { gtid_executed, gtid_binlog_pos } = read.gtidMarks;
  const isMariadb = source.dialect.version.flavour === 'mariadb';
  const gtid = isMariadb ? gtid_binlog_pos || null : read.gtid === null ? null : gtid_executed;
  return {
    ...read,
    gtid: gtid ?? null,
    channels: [{ name: '', host, port, source: at, relay: at }],
    running: [],
  };
}
