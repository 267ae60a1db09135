import type { Coordinates } from '../freeze/coordinates.js';
import type { Server } from '../pair/server.js';

/**
 * The coordinates of a source as a replica of it would have them that has applied everything: where its own
 * binary log stands, and the GTIDs that it has written.
 */
export function sourceCoordinates(source: Server, read: Coordinates, channel = ''): Coordinates {
  const { host, port } = source.settings;
  const at = read.ownBinlog ?? { file: '', position: 0 };
  const { gtid_executed = '', gtid_binlog_pos = '' } = read.gtidMarks;
  const written = source.dialect.version.flavour === 'mariadb' ? gtid_binlog_pos : gtid_executed;
  // MySQL without GTIDs has none to go on from, whatever it has executed.
  const isOn = source.dialect.version.flavour === 'mariadb' || read.gtid !== null;
  const gtid = isOn && written !== '' ? written : null;
  return {
    ...read,
    gtid,
    channels: [{ name: channel, host, port, source: at, relay: at }],
    running: [],
  };
}
