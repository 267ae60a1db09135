import { errno, isBroken, type Session } from '../pair/session.js';
import { keyCondition, type Cut } from './keyCondition.js';
import { areOrdered, explain } from './keySamples.js';
import { stretchesOf, type Stretch } from './stretches.js';
import { tableKey, type TableKey } from './tableKey.js';

/**
 * Cuts a table into up to `pieces` key ranges of about equal numbers of rows: conditions for
 * mysqldump's `--where` that together hold every row exactly once, whatever is written to the table
 * later. Each reads only its own rows, by the key. Empty when the table cannot be cut: it is then
 * dumped as one part.
 *
 * `session` is one of `connect`: sql_mode '' and time zone +00:00, as mysqldump sets them. A few
 * hundred short statements at most; no scan. Throws only when the connection breaks.
 */
export async function keyRanges(
  session: Session,
  database: string,
  table: string,
  pieces: number,
): Promise<string[]> {
  if (pieces < 2) return [];
  try {
    const key = await tableKey(session, database, table);
    return key === null ? [] : await rangesBy(session, key, pieces);
  } catch (error) {
    // A table that cannot be examined may still be dumped; if not, mysqldump says why.
    if (errno(error) > 0 && !isBroken(error)) return [];
    throw error;
  }
}

async function rangesBy(session: Session, key: TableKey, pieces: number): Promise<string[]> {
  const cuts = evenCuts(await stretchesOf(session, key, pieces), pieces);
  // The ranges are right if the server itself sees the cuts in this order: nothing else is trusted.
  if (cuts.length === 0 || !(await areOrdered(session, cuts))) return [];
  const bounds = [null, ...cuts, null];
  const ranges = bounds.slice(1).map((to, i) => keyCondition(key.columns, bounds[i] ?? null, to));
  const plans = await explain(session, key, ranges, false);
  const areByKey = plans.every(({ type, index }) => type === 'range' && index === key.index);
  return areByKey ? ranges : [];
}

/** The beginnings of those stretches that lie nearest to equal shares of the rows. */
function evenCuts(stretches: readonly Stretch[], pieces: number): Cut[] {
  let before = 0;
  const starts = stretches.map(({ from, rows }) => {
    const start = { from, before };
    before += rows;
    return start;
  });
  const cuts = new Set<Cut>();
  for (let i = 1; i < pieces; i += 1) {
    const wanted = (before * i) / pieces;
    const distance = (start: { before: number }) => Math.abs(start.before - wanted);
    const nearest = starts.reduce((a, b) => (distance(b) < distance(a) ? b : a));
    if (nearest.from !== null) cuts.add(nearest.from);
  }
  return [...cuts];
}
