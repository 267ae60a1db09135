import type { Pair } from '../rig/pair.js';
import type { RigServer } from '../rig/index.js';

/**
 * Runs the same statements at the source and at the replica, past the binary log: where it is about many
 * statements, both are filled at once, and no log of them lies in memory.
 */
export async function onBoth(pair: Pair, statements: () => Iterable<string>): Promise<void> {
  const isMysql = pair.engine === 'mysql';
  if (isMysql) await pair.replica.query('SET GLOBAL super_read_only = 0');
  await Promise.all([pair.source, pair.replica].map((server) => runAll(server, statements())));
  if (isMysql) await pair.replica.query('SET GLOBAL super_read_only = 1');
}

async function runAll(server: RigServer, statements: Iterable<string>): Promise<void> {
  const connection = await server.connect();
  try {
    await connection.query('SET SESSION sql_log_bin = 0');
    for (const statement of statements) await connection.query(statement);
  } finally {
    connection.destroy();
  }
}
