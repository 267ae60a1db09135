import type { Row } from '../dialect/dialect.js';
import { text } from '../dialect/rows.js';
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
 * The lines that make a server come back in its role when it restarts, less those that its option file or
 * its command line has already.
 */
export async function optionLines(
  server: Server,
  role: 'source' | 'replica',
): Promise<OptionLines> {
  const isMariadb = server.dialect.version.flavour === 'mariadb';
  const running = await variablesOf(server, ['server_id', 'gtid_mode', 'log_bin_basename']);
  const usesGtid = running.get('gtid_mode') === 'ON';
  const logged = running.get('log_bin_basename')?.replace(/^.*\//, '');
  const wanted: [name: string, value: string][] = [
    ['server_id', running.get('server_id') ?? ''],
    ['log_bin', logged === undefined || logged === '' ? 'binlog' : logged],
    ['binlog_format', 'ROW'],
    [isMariadb ? 'log_slave_updates' : 'log_replica_updates', 'ON'],
    ...(isMariadb ? ([['gtid_strict_mode', 'ON']] as [string, string][]) : []),
    ...(usesGtid
      ? ([
          ['gtid_mode', 'ON'],
          ['enforce_gtid_consistency', 'ON'],
        ] as [string, string][])
      : []),
    ...(role === 'replica'
      ? ([[server.dialect.superReadOnly ? 'super_read_only' : 'read_only', 'ON']] as [
          string,
          string,
        ][])
      : []),
  ];
  const given = await givenAtStart(
    server,
    wanted.map(([name]) => name),
  );
  const missing = wanted.filter(([name]) => !given.has(name));
  return { server: addressOf(server), lines: missing.map(([name, value]) => `${name} = ${value}`) };
}

/** Names of the variables that the server was given when it started. */
async function givenAtStart(server: Server, names: readonly string[]): Promise<Set<string>> {
  const list = names.map((name) => `'${name}'`).join(', ');
  const isMariadb = server.dialect.version.flavour === 'mariadb';
  // A line that is there already does no harm: where the server does not tell, all are named.
  const rows = await server
    .query(
      isMariadb
        ? `SELECT LOWER(VARIABLE_NAME) AS name FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME IN (${list}) AND GLOBAL_VALUE_ORIGIN = 'CONFIG'`
        : `SELECT VARIABLE_NAME AS name FROM performance_schema.variables_info WHERE VARIABLE_NAME IN (${list}) AND VARIABLE_SOURCE NOT IN ('COMPILED', 'DYNAMIC')`,
    )
    .catch((): Row[] => []);
  return new Set(rows.map((row) => text(row, 'name')));
}
