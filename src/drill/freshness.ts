import { DateTime } from 'luxon';
import type { Config } from '../config/schema.js';
import { identifier, literal } from '../dialect/quote.js';
import { text } from '../dialect/rows.js';
import { reasonOf } from '../errors.js';
import type { Server } from '../pair/server.js';
import { secondsSpan } from '../util/span.js';
import type { Evidence } from './evidence.js';

export type Freshness = Config['drill']['freshness'][number];

/**
 * Checks that the newest value of a column is not older than allowed, seen from the moment the data of
 * the backup stood still. A TIMESTAMP is read as UTC; of a DATETIME the configuration names the zone; a
 * number is seconds since 1970.
 */
export async function checkFreshness(
  server: Server,
  wanted: readonly Freshness[],
  backupAt: Date,
  evidence: Evidence,
): Promise<void> {
  for (const { database, table, column, within, zone } of wanted) {
    const name = `freshness ${database}.${table}.${column}`;
    try {
      const [row] = await server.query(
        `SELECT MAX(${identifier(column)}) AS newest FROM ${identifier(database)}.${identifier(table)}`,
        600,
      );
      const newest = text(row ?? {}, 'newest');
      // Our sessions are in UTC, and so are the TIMESTAMPs they see.
      const isTimestamp = (await typeOf(server, { database, table, column })) === 'timestamp';
      const at = timeOf(newest, isTimestamp ? 'UTC' : zone);
      if (newest === '') {
        evidence.failed(name, 'there is no row');
      } else if (!at) {
        evidence.failed(name, `its newest value is no time: ${newest}`);
      } else {
        const age = Math.round((backupAt.getTime() - at.toMillis()) / 1000);
        const detail = `the newest is ${at.toUTC().toFormat('yyyy-MM-dd HH:mm:ss')} UTC, ${ageText(age)} the backup`;
        if (age <= within) evidence.passed(name, detail);
        else evidence.failed(name, `${detail}; allowed are ${secondsSpan(within)}`);
      }
    } catch (error) {
      await server.query('SELECT 1');
      evidence.failed(name, reasonOf(error));
    }
  }
}

async function typeOf(
  server: Server,
  { database, table, column }: Pick<Freshness, 'database' | 'table' | 'column'>,
): Promise<string> {
  const [row] = await server.query(
    `SELECT DATA_TYPE AS type FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ${literal(database)} AND TABLE_NAME = ${literal(table)} AND COLUMN_NAME = ${literal(column)}`,
  );
  return text(row ?? {}, 'type');
}

/** A value of a column as a moment; null when it is none. */
export function timeOf(value: string, zone: string): DateTime<true> | null {
  const at = /^\d+(\.\d+)?$/.test(value)
    ? DateTime.fromSeconds(Number(value))
    : DateTime.fromSQL(value, { zone });
  return at.isValid ? at : null;
}

function ageText(seconds: number): string {
  return seconds >= 0 ? `${secondsSpan(seconds)} before` : `${secondsSpan(-seconds)} after`;
}
