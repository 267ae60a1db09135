import { number, text } from '../dialect/rows.js';
import type { Session } from '../pair/session.js';
import { keyCondition, type Cut } from './keyCondition.js';
import type { KeyType } from './keyTypes.js';
import type { TableKey } from './tableKey.js';

/** Keys of a table that have the values `prefix` in their first columns, and a next value between. */
export interface Reach {
  prefix: Cut;
  /** Constants for the column behind the prefix, the lower one included; null for no bound. */
  low: string | null;
  high: string | null;
}

/** The first and the last value within a reach, as text of the column's type. */
export interface Ends {
  first: string;
  last: string;
  /** Whether they differ by the column's order. */
  differ: boolean;
}

/** Most alternatives of one statement: each opens the table once more. */
const most = 72;

const ordered = (columns: readonly string[], direction: '' | ' DESC') =>
  columns.map((column) => `t.${column}${direction}`).join(', ');

/** One row of the reach, as near as possible to an end of it: one look into the index. */
function oneKey(key: TableKey, { prefix, low, high }: Reach, more: string[], last = false): string {
  const column = key.columns[prefix.length] ?? '';
  const terms = [
    ...prefix.map((constant, i) => `${key.columns[i] ?? ''} = ${constant}`),
    ...(low === null ? [] : [`${column} >= ${low}`]),
    ...(high === null ? [] : [`${column} < ${high}`]),
    ...more,
  ];
  const where = terms.length === 0 ? '' : ` WHERE ${terms.join(' AND ')}`;
  const columns = key.columns.slice(0, prefix.length + 1);
  return `SELECT ${column} AS v FROM ${from(key)}${where} ORDER BY ${ordered(columns, last ? ' DESC' : '')} LIMIT 1`;
}

function from(key: TableKey): string {
  return `${key.table} AS t FORCE INDEX (\`${key.index.replaceAll('`', '``')}\`)`;
}

/** Null when there is no row. */
export async function endsOf(session: Session, key: TableKey, reach: Reach): Promise<Ends | null> {
  const read = (column: string) => key.types[reach.prefix.length]?.read(column) ?? '';
  const [row] = await session.query(
    `SELECT ${read('a.v')} AS first, ${read('b.v')} AS last, a.v < b.v AS differ
     FROM (${oneKey(key, reach, [])}) AS a, (${oneKey(key, reach, [], true)}) AS b`,
  );
  if (row === undefined) return null;
  return {
    first: text(row, 'first'),
    last: text(row, 'last'),
    differ: number(row, 'differ') === 1,
  };
}

/**
 * For each of the constants the first value within the reach that is not below it, without those equal
 * to `first`; different ones in the server's order.
 */
export async function keysAt(
  session: Session,
  key: TableKey,
  reach: Reach,
  first: string | null,
  constants: readonly string[],
): Promise<string[]> {
  const column = key.columns[reach.prefix.length] ?? '';
  const behindFirst = first === null ? [] : [`${column} > ${first}`];
  const looks = constants
    .slice(0, most)
    .map((constant) => `(${oneKey(key, reach, [...behindFirst, `${column} >= ${constant}`])})`);
  const read = key.types[reach.prefix.length]?.read('s.v') ?? '';
  const rows = await session.query(
    `SELECT ${read} AS value FROM (${looks.join(' UNION ')}) AS s ORDER BY s.v`,
  );
  return rows.map((row) => text(row, 'value'));
}

/**
 * Constants that divide the column as `values` do, in the server's order behind `first`, without showing
 * the whole of them where that can be. Values that have no constant are left out.
 */
export async function constantsFor(
  session: Session,
  type: KeyType,
  first: string,
  values: readonly string[],
): Promise<string[]> {
  const cuts = values.map((value, i) => {
    const before = values[i - 1] ?? first;
    const [below, whole] = [type.literal(before), type.literal(value)];
    const short = type.shorter(before, value);
    const check =
      below && whole && short ? `${below} < ${short} AND ${short} <= ${whole}` : 'FALSE';
    return { short, whole, check };
  });
  if (cuts.every(({ short }) => short === null)) return shown(cuts);
  const checks = cuts.map(({ check }, i) => `(${check}) AS c${i}`);
  const [row = {}] = await session.query(`SELECT ${checks.join(', ')}`);
  return shown(cuts.map((cut, i) => (number(row, `c${i}`) === 1 ? { whole: cut.short } : cut)));
}

function shown(cuts: readonly { whole: string | null }[]): string[] {
  return cuts.flatMap(({ whole: constant }) => constant ?? []);
}

/** What EXPLAIN says of a condition. */
export interface Explained {
  type: string;
  index: string;
  /** The server's estimate. */
  rows: number;
}

/** Explains conditions on the table; `forced`: by its key, so that `rows` is the estimate of it. */
export async function explain(
  session: Session,
  key: TableKey,
  conditions: readonly string[],
  forced: boolean,
): Promise<Explained[]> {
  const explained: Explained[] = [];
  for (let at = 0; at < conditions.length; at += most) {
    const some = conditions.slice(at, at + most);
    const table = forced ? from(key) : key.table;
    const rows = await session.query(
      `EXPLAIN FORMAT=TRADITIONAL ${some.map((condition) => `SELECT * FROM ${table} WHERE ${condition}`).join(' UNION ALL ')}`,
    );
    for (let i = 0; i < some.length; i += 1) {
      const row = rows.find((one) => number(one, 'id') === i + 1) ?? {};
      explained.push({
        type: text(row, 'type'),
        index: text(row, 'key'),
        rows: number(row, 'rows') ?? 0,
      });
    }
  }
  return explained;
}

/** Whether each cut is below the next, as the server sees it. */
export async function areOrdered(session: Session, cuts: readonly Cut[]): Promise<boolean> {
  const pairs = cuts.slice(1).map((cut, i) => {
    const before = cuts[i] ?? [];
    const at = cut.findIndex((constant, column) => constant !== before[column]);
    // Of two that differ in length only, the shorter comes first.
    if (at === before.length) return 'TRUE';
    return at === -1 ? 'FALSE' : `${before[at] ?? ''} < ${cut[at] ?? ''}`;
  });
  if (pairs.length === 0) return true;
  const [row] = await session.query(
    `SELECT ${pairs.map((pair) => `(${pair})`).join(' AND ')} AS fine`,
  );
  return number(row ?? {}, 'fine') === 1;
}

/** The rows between each two neighbours of `cuts`, by the server's estimate. */
export async function rowsBetween(
  session: Session,
  key: TableKey,
  cuts: readonly (Cut | null)[],
): Promise<number[]> {
  const conditions = cuts.slice(1).map((to, i) => keyCondition(key.columns, cuts[i] ?? null, to));
  return (await explain(session, key, conditions, true)).map(({ rows }) => rows);
}
