/** Where a table is cut: SQL constants for the first columns of its key. */
export type Cut = readonly string[];

/**
 * The condition for every row whose key is not below `from` and is below `to`; null leaves an end open.
 * `from` must be below `to`. A cut of fewer columns comes before all longer ones that begin with it.
 *
 * Written as alternatives without overlap, each of which both servers read as one range of the key.
 * They do not read it from `(a, b) >= (1, 2)`, nor from `a >= 1 AND (a > 1 OR b >= 2)`.
 */
export function keyCondition(columns: readonly string[], from: Cut | null, to: Cut | null): string {
  const low = from ?? [];
  const high = to ?? [];
  let shared = 0;
  while (shared < low.length && low[shared] === high[shared]) shared += 1;

  const compare = (at: number, operator: string, constant: string | undefined) =>
    constant === undefined ? [] : [`${columns[at] ?? ''} ${operator} ${constant}`];
  const equal = (cut: Cut, upTo: number) =>
    cut.slice(0, upTo).flatMap((constant, at) => compare(at, '=', constant));
  const above = (at: number) => compare(at, at === low.length - 1 ? '>=' : '>', low[at]);

  const alternatives: string[][] = [];
  for (let at = low.length - 1; at > shared; at -= 1) {
    alternatives.push([...equal(low, at), ...above(at)]);
  }
  alternatives.push([
    ...equal(low, shared),
    ...above(shared),
    ...compare(shared, '<', high[shared]),
  ]);
  for (let at = shared + 1; at < high.length; at += 1) {
    alternatives.push([...equal(high, at), ...compare(at, '<', high[at])]);
  }
  if (alternatives.length === 1) return alternatives.flat().join(' AND ');
  return `(${alternatives.map((terms) => `(${terms.join(' AND ')})`).join(' OR ')})`;
}
