import type { RigServer } from '../rig/index.js';

/** Every GTID the server has written or applied, as it says it. */
export async function gtidsOf(server: RigServer): Promise<unknown> {
  const variables =
    server.engine === 'mysql' ? '@@gtid_executed AS gtid' : '@@gtid_binlog_pos AS gtid';
  return await server.query(`SELECT ${variables}`);
}
