import type { Config } from '../config/schema.js';
import type { Row } from '../dialect/dialect.js';
import { identifier } from '../dialect/quote.js';
import { text } from '../dialect/rows.js';
import { reasonOf } from '../errors.js';
import type { Server } from '../pair/server.js';
import { isBroken } from '../pair/session.js';
import type { Evidence } from './evidence.js';

export type Assertion = Config['drill']['assertions'][number];
type Expected = Assertion['expect'];

/**
 * Runs the user's assertions in the restored server, one after another in read-only sessions. One that
 * is wrong, refused or slow fails by itself and hides no other.
 */
export async function runAssertions(
  server: Server,
  assertions: readonly Assertion[],
  signal: AbortSignal,
  evidence: Evidence,
): Promise<void> {
  for (const assertion of assertions) {
    signal.throwIfAborted();
    const name = `assertion ${assertion.name}`;
    try {
      const rows = await answer(server, assertion, signal);
      const failure = whatDiffers(rows, assertion.expect);
      if (failure === null) evidence.passed(name, shown(rows));
      else evidence.failed(name, failure);
    } catch (error) {
      signal.throwIfAborted();
      // A server that is gone is no answer to a question.
      await server.query('SELECT 1');
      evidence.failed(name, reasonOf(error));
    }
  }
}

async function answer(server: Server, assertion: Assertion, signal: AbortSignal): Promise<Row[]> {
  const session = await server.session();
  const cut = () => session.destroy();
  signal.addEventListener('abort', cut, { once: true });
  try {
    await session.query('SET SESSION TRANSACTION READ ONLY');
    if (assertion.database !== undefined) {
      await session.query(`USE ${identifier(assertion.database)}`);
    }
    return await session.query(assertion.sql, assertion.timeout);
  } catch (error) {
    if (!isBroken(error)) throw error;
    // The statement would go on without us, in the way of what comes next.
    await server.query(`KILL ${session.id}`).catch(() => undefined);
    throw new Error(`no answer within ${assertion.timeout} s`, { cause: error });
  } finally {
    signal.removeEventListener('abort', cut);
    session.destroy();
  }
}

/** How rows differ from what was expected, in words; null when they do not. */
export function whatDiffers(rows: readonly Row[], expected: Expected): string | null {
  if (expected === noRows) {
    return rows.length === 0 ? null : `expected no rows, got ${rows.length}: ${shown(rows)}`;
  }
  if (rows.length !== 1 || Object.keys(rows[0] ?? {}).length !== 1) {
    return `expected one row with one value, got ${rows.length === 1 ? shown(rows) : `${rows.length} rows`}`;
  }
  const value = firstValue(rows);
  const wanted = wantedText(expected);
  return isMet(value, expected) ? null : `expected ${wanted}, got ${value ?? 'NULL'}`;
}

const noRows = 'no rows';

function isMet(value: string | null, expected: Expected): boolean {
  if (expected === null || value === null) return value === expected;
  if (typeof expected === 'boolean') return Number(value) === Number(expected);
  if (typeof expected === 'number') return value !== '' && Number(value) === expected;
  if (typeof expected === 'string') return value === expected;
  const { min = -Infinity, max = Infinity } = expected;
  return value !== '' && Number(value) >= min && Number(value) <= max;
}

function wantedText(expected: Expected): string {
  if (typeof expected !== 'object' || expected === null) return String(expected ?? 'NULL');
  const { min, max } = expected;
  if (min === undefined) return `at most ${max ?? ''}`;
  return max === undefined ? `at least ${min}` : `${min} to ${max}`;
}

function firstValue(rows: readonly Row[]): string | null {
  const [row = {}] = rows;
  const [column = ''] = Object.keys(row);
  return row[column] === null ? null : text(row, column);
}

/** The first row, short enough for a line. */
function shown(rows: readonly Row[]): string {
  const [row] = rows;
  if (!row) return 'no rows';
  const values = Object.keys(row).map((column) =>
    row[column] === null ? 'NULL' : text(row, column),
  );
  const line = values.join(', ').replaceAll(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
