import { text } from '../dialect/rows.js';
import type { Server } from './server.js';

/** Settings that decide how data is read and restored; those a server does not know are absent. */
const names = [
  'character_set_server',
  'collation_server',
  'default_storage_engine',
  'event_scheduler',
  'explicit_defaults_for_timestamp',
  'innodb_page_size',
  'lower_case_table_names',
  'max_allowed_packet',
  'server_id',
  'sql_generate_invisible_primary_key',
  'sql_mode',
  'sql_require_primary_key',
  'system_time_zone',
  'time_zone',
];

/** The server's settings that a restore may have to know. */
export async function readVariables(server: Server): Promise<Record<string, string>> {
  return Object.fromEntries(await variablesOf(server, names));
}

/** Values of GLOBAL VARIABLES by name; those the server does not know are absent. */
export async function variablesOf(
  server: Server,
  wanted: readonly string[],
): Promise<Map<string, string>> {
  const list = wanted.map((name) => `'${name}'`).join(', ');
  const rows = await server.query(`SHOW GLOBAL VARIABLES WHERE Variable_name IN (${list})`);
  return new Map(rows.map((row) => [text(row, 'Variable_name'), text(row, 'Value')]));
}
