import { text } from '../dialect/rows.js';
import type { Finding } from './checks.js';
import type { Server } from './server.js';
import { errno } from './session.js';

/** What a server is told to leave out of its binary log, as `option=databases`: no replica ever gets it. */
export async function binlogFiltersOf(server: Server): Promise<string[]> {
  const [row = {}] = await server.query(server.dialect.binlogStatus());
  const options = { 'binlog-do-db': 'Binlog_Do_DB', 'binlog-ignore-db': 'Binlog_Ignore_DB' };
  return Object.entries(options)
    .map(([option, column]) => `${option}=${text(row, column)}`)
    .filter((filter) => !filter.endsWith('='));
}

/** ER_SPECIFIC_ACCESS_DENIED_ERROR. */
const accessDenied = 1227;

/** A finding where a source leaves something out, as far as the account may see that. */
export async function checkBinlogFilters(source: Server): Promise<Finding[]> {
  const filters = await binlogFiltersOf(source).catch((error: unknown) => {
    if (errno(error) === accessDenied) return [];
    throw error;
  });
  if (filters.length === 0) return [];
  const detail = `the ${source.who} leaves data out of its binary log (${filters.join(', ')}): its replica and their backups lack it`;
  const fix = 'Remove that from its option file, restart it, and make the replica anew.';
  return [{ name: 'binary log filters', status: 'fail', detail, fix }];
}
