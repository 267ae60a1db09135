import type { OwnServer } from '../rig/index.js';
import { positionOf } from './ownGroup.js';

/** What a replica says of its one channel. */
export const status = async (server: OwnServer) =>
  (
    await server.query<Record<string, string | number>>(
      server.engine === 'mysql' ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS',
    )
  )[0]!;

/** How far it has received its source's binary log. */
export const received = async (server: OwnServer) => {
  const row = await status(server);
  return {
    file: row['Source_Log_File'] ?? row['Master_Log_File'],
    position: Number(row['Read_Source_Log_Pos'] ?? row['Read_Master_Log_Pos']),
  };
};

/** True once it has received all that its source has written. */
export const hasReceived = async (server: OwnServer, source: OwnServer) => {
  const { file, position } = await received(server);
  const written = await positionOf(source);
  return file === written.file && position >= written.position ? true : null;
};

/** True once it has lost its source. */
export const isLost = async (server: OwnServer) => {
  const row = await status(server);
  return (row['Replica_IO_Running'] ?? row['Slave_IO_Running']) === 'Yes' ? null : true;
};
