import { text } from '../dialect/rows.js';
import { atLeast } from '../dialect/version.js';
import { addressOf } from '../pair/act.js';
import type { Server } from '../pair/server.js';
import { variablesOf } from '../pair/variables.js';

/** What belongs into the option file of a server, under `[mysqld]`. */
export interface OptionLines {
  /** Address of the server. */
  server: string;
  lines: string[];
}

/**
 * The lines that make a server come back in its role when it restarts: what it has not, or has only since
 * somebody set it over a connection.
 */
export async function optionLines(
  server: Server,
  role: 'source' | 'replica',
): Promise<OptionLines> {
  const isMariadb = server.dialect.version.flavour === 'mariadb';
  const running = await variablesOf(server, [...names, 'gtid_mode']);
  const wanted: Record<string, string> = {
    server_id: running.get('server_id') ?? '',
    log_bin: 'ON',
    binlog_format: 'ROW',
    [running.has('log_replica_updates') ? 'log_replica_updates' : 'log_slave_updates']: 'ON',
    ...(isMariadb ? { gtid_strict_mode: 'ON' } : {}),
    ...(running.get('gtid_mode') === 'ON'
      ? { gtid_mode: 'ON', enforce_gtid_consistency: 'ON' }
      : {}),
    ...(role === 'replica'
      ? { [server.dialect.superReadOnly ? 'super_read_only' : 'read_only']: 'ON' }
      : {}),
  };
  const fleeting = await setSinceStart(server, Object.keys(wanted));
  const missing = Object.entries(wanted).filter(
    ([name, value]) => running.get(name) !== value || fleeting.has(name),
  );
  // Without a name of its own it is called after the host.
  const lines = missing.map(
    ([name, value]) => `${name} = ${name === 'log_bin' ? 'binlog' : value}`,
  );
  return { server: addressOf(server), lines };
}

const names = [
  'server_id',
  'log_bin',
  'binlog_format',
  'log_slave_updates',
  'log_replica_updates',
  'gtid_strict_mode',
  'enforce_gtid_consistency',
  'read_only',
  'super_read_only',
];

/** Names of the variables that were set over a connection. */
async function setSinceStart(server: Server, wanted: readonly string[]): Promise<Set<string>> {
  const list = wanted.map((name) => `'${name}'`).join(', ');
  const rows = await server.query(
    server.dialect.version.flavour === 'mariadb'
      ? `SELECT LOWER(VARIABLE_NAME) AS name FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME IN (${list}) AND GLOBAL_VALUE_ORIGIN = 'SQL'`
      : `SELECT VARIABLE_NAME AS name FROM performance_schema.variables_info WHERE VARIABLE_NAME IN (${list}) AND VARIABLE_SOURCE = 'DYNAMIC'`,
  );
  return new Set(rows.map((row) => text(row, 'name')));
}

/** Names of the variables that SET PERSIST has stored, and that make a server read-only when it restarts. */
export async function persistedReadOnly(server: Server): Promise<string[]> {
  const { version } = server.dialect;
  if (version.flavour === 'mariadb' || !atLeast(version, 8)) return [];
  const rows = await server.query(
    "SELECT VARIABLE_NAME AS name FROM performance_schema.persisted_variables WHERE VARIABLE_NAME IN ('read_only', 'super_read_only') AND VARIABLE_VALUE IN ('ON', '1') ORDER BY 1",
  );
  return rows.map((row) => text(row, 'name'));
}
