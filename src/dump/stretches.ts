import type { Session } from '../pair/session.js';
import type { Cut } from './keyCondition.js';
import { constantsFor, endsOf, keysAt, rowsBetween, type Reach } from './keySamples.js';
import type { TableKey } from './tableKey.js';

/** Rows of a table that lie together by its key. */
export interface Stretch extends Reach {
  /** Where it begins and ends; null for the table's own ends. */
  from: Cut | null;
  to: Cut | null;
  /** The server's estimate. */
  rows: number;
}

/** Rounds of three statements, at most; what is uneven after them stays so. */
const mostRounds = 120;
/** Stretches looked for in one round. */
const fewest = 4;
const most = 64;

/**
 * Stretches for each piece: what is aimed at, so that equal ones make equal pieces, and what is good
 * enough. A piece may be off by one, which is felt most where there are few pieces.
 */
function perPiece(pieces: number): { wanted: number; enough: number } {
  const wanted = Math.max(6, Math.floor(32 / pieces));
  const fits = Math.max(1, Math.floor(most / pieces));
  return { wanted: Math.min(wanted, fits), enough: Math.max(3, 12 / pieces) };
}

const whole: Stretch = { prefix: [], low: null, high: null, from: null, to: null, rows: 0 };

/**
 * Divides a table into stretches, in the order of its key, each small against a `pieces`-th of it where
 * it can be divided so far. Reads some keys and the server's estimates, whatever the table's size.
 */
export async function stretchesOf(
  session: Session,
  key: TableKey,
  pieces: number,
): Promise<Stretch[]> {
  const divide = dividing(session, key);
  const { wanted, enough } = perPiece(pieces);
  let stretches = await divide(whole, pieces * wanted);
  const indivisible = new Set<Stretch>();
  for (let round = 1; round < mostRounds; round += 1) {
    const rows = sumOfRows(stretches) / pieces;
    const largest = stretches
      .filter((stretch) => !indivisible.has(stretch))
      .reduce((a, b) => (b.rows > a.rows ? b : a), whole);
    if (largest.rows <= Math.max(1, rows / enough)) break;
    const parts = await divide(largest, (largest.rows / rows) * wanted);
    if (parts.length < 2) indivisible.add(largest);
    else stretches = stretches.flatMap((one) => (one === largest ? parts : [one]));
  }
  return stretches;
}

function sumOfRows(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { rows }) => sum + rows, 0);
}

/** A function that divides a stretch into about `wanted`, or gives it back when it cannot. */
function dividing(session: Session, key: TableKey) {
  /** Values seen so far, by column. */
  const seen: string[][] = key.columns.map(() => []);

  return async function divide(stretch: Stretch, wanted: number): Promise<Stretch[]> {
    const { prefix, low, from, to } = stretch;
    const type = key.types[prefix.length];
    const ends = await endsOf(session, key, stretch);
    if (ends === null || type === undefined) return [stretch];
    const first = type.literal(ends.first);
    if (!ends.differ) {
      // One value only: go on with the next column.
      if (first === null || prefix.length + 1 === key.columns.length) return [stretch];
      const values = [...prefix, first];
      const begin = low === null ? from : values;
      return await divide(
        { prefix: values, low: null, high: null, from: begin, to, rows: 0 },
        wanted,
      );
    }
    const known = seen[prefix.length] ?? [];
    const guessed = Math.min(most, Math.max(fewest, Math.ceil(wanted))) - 1;
    // The last one is sure to be there, so that every round comes further.
    const guesses = [
      type.literal(ends.last) ?? [],
      type.between(ends.first, ends.last, guessed, known),
    ].flat();
    if (guesses.length === 0) return [stretch];
    const found = await keysAt(session, key, stretch, first, guesses);
    known.push(...found);
    const values = await constantsFor(session, type, ends.first, found);
    const cuts: (Cut | null)[] = [from, ...values.map((value) => [...prefix, value]), to];
    const rows = await rowsBetween(session, key, cuts);
    return rows.map((estimate, i) => ({
      prefix,
      low: values[i - 1] ?? low,
      high: values[i] ?? stretch.high,
      from: cuts[i] ?? null,
      to: cuts[i + 1] ?? null,
      rows: estimate,
    }));
  };
}
