import { DateTime } from 'luxon';
import { keysBetween, sharedCharacters } from './keyText.js';

/**
 * A type of column by which a table can be cut. A value of it is carried as the text that `read`
 * selects.
 */
export interface KeyType {
  /** The SQL expression that shows the column's value as ASCII text. */
  read(column: string): string;
  /**
   * The value as an SQL constant that compares with the column by the column's own order, in a session
   * of any character set and sql_mode; null for a value that has none, such as the date 2020-00-00.
   */
  literal(value: string): string | null;
  /**
   * A constant that is likely above `before` and not above `value`, but shows less of it: conditions
   * are seen in the list of processes, and a key may be somebody's token. Null where there is none.
   */
  shorter(before: string, value: string): string | null;
  /**
   * About `wanted` SQL constants that may lie between two values of the column. They only say where to
   * look for keys, so any of them may be a bad guess. `seen` are other values of the column.
   */
  between(first: string, last: string, wanted: number, seen: readonly string[]): string[];
}

/**
 * The type of a column by what SHOW FULL COLUMNS says; null for one whose order, or whose constants, are
 * not known to be safe: FLOAT and DOUBLE are not what they print, ENUM sorts by number but compares as
 * text.
 */
export function keyType(type: string, collation: string | null): KeyType | null {
  const [, name = ''] = /^(\w+)/.exec(type) ?? [];
  if (integers.includes(name)) return onLine(BigInt, String, (value) => String(BigInt(value)));
  if (name === 'decimal') return decimal(Number(/^decimal\(\d+,(\d+)\)/.exec(type)?.[1] ?? 0));
  if (name === 'date') return temporal('DATE');
  if (name === 'datetime' || name === 'timestamp') return temporal('TIMESTAMP');
  if (name === 'binary' || name === 'varbinary') return bytes;
  if ((name === 'char' || name === 'varchar') && collation && !sortsPadded(name, collation)) {
    return characters(collation);
  }
  return null;
}

const integers = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint'];

/**
 * MariaDB's index of a CHAR keeps the spaces behind the value and sorts by them, where a comparison of a
 * NO PAD collation has none: a range read by the index then misses "a\t", which it sorts before "a".
 * Seen with 10.11. MySQL has no such collation by name, and its index sorts as it compares.
 */
function sortsPadded(name: string, collation: string): boolean {
  return name === 'char' && collation.includes('nopad');
}

/** Values that are points on a line: looked for at even distances. */
function onLine(
  position: (value: string) => bigint,
  valueAt: (position: bigint) => string,
  literal: (value: string) => string | null,
): KeyType {
  return {
    read: (column) => `CAST(${column} AS CHAR)`,
    literal,
    shorter: () => null,
    between: (first, last, wanted) =>
      evenly(position(first), position(last), wanted)
        .map((point) => literal(valueAt(point)))
        .filter((constant) => constant !== null),
  };
}

/** Up to `wanted` different numbers above `from` and below `to`. */
function evenly(from: bigint, to: bigint, wanted: number): bigint[] {
  const points = Array.from(
    { length: wanted },
    (_, i) => from + ((to - from) * BigInt(i + 1)) / BigInt(wanted + 1),
  );
  return [...new Set(points)].filter((point) => point > from && point < to);
}

function decimal(scale: number): KeyType {
  const valueAt = (position: bigint): string => {
    const digits = String(position < 0n ? -position : position).padStart(scale + 1, '0');
    const whole = digits.slice(0, digits.length - scale);
    const sign = position < 0n ? '-' : '';
    return scale === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-scale)}`;
  };
  return onLine(
    (value) => BigInt(value.replace('.', '')),
    valueAt,
    (value) => value,
  );
}

/** The parts of a date from the month on, and those of a time: how many of each there may be. */
const ofDate = [13n, 32n];
const ofTime = [24n, 60n, 60n, 1_000_000n];

function temporal(word: 'DATE' | 'TIMESTAMP'): KeyType {
  const radices = word === 'DATE' ? ofDate : [...ofDate, ...ofTime];
  const position = (value: string): bigint => {
    const parts = value.split(/[-: .]/);
    parts[6] = (parts[6] ?? '').padEnd(6, '0');
    return radices.reduce(
      (sum, radix, i) => sum * radix + BigInt(parts[i + 1] ?? '0'),
      BigInt(parts[0] ?? '0'),
    );
  };
  const valueAt = (point: bigint): string => {
    const parts: bigint[] = [];
    let rest = point;
    for (const radix of [...radices].reverse()) {
      parts.unshift(rest % radix);
      rest /= radix;
    }
    const [month = 0n, day = 0n, ...time] = parts;
    const two = (part: bigint) => String(part).padStart(2, '0');
    const date = `${String(rest).padStart(4, '0')}-${two(month || 1n)}-${two(day || 1n)}`;
    return word === 'DATE' ? date : `${date} ${time.slice(0, 3).map(two).join(':')}`;
  };
  const literal = (value: string): string | null => {
    const isOrdinary = value >= '1000' && DateTime.fromSQL(value, { zone: 'utc' }).isValid;
    return isOrdinary ? `${word}'${value}'` : null;
  };
  return onLine(position, valueAt, literal);
}

/** Bytes looked at behind what the first and the last value share. */
const window = 6;

/** How many digits of whole bytes two values in hex begin with alike. */
function sharedDigits(a: string, b: string): number {
  let shared = 0;
  while (shared < a.length && a[shared] === b[shared]) shared += 1;
  return shared - (shared % 2);
}

const bytes: KeyType = {
  read: (column) => `HEX(${column})`,
  literal: (value) => `_binary X'${value}'`,
  shorter(before, value) {
    const digits = sharedDigits(before, value) + 4;
    return digits < value.length ? `_binary X'${value.slice(0, digits)}'` : null;
  },
  between(first, last, wanted) {
    const shared = sharedDigits(first, last);
    const digits = window * 2;
    const at = (value: string) =>
      BigInt(`0x${value.slice(shared, shared + digits).padEnd(digits, '0')}`);
    return evenly(at(first), at(last), wanted).map((point) => {
      const found = point.toString(16).padStart(digits, '0');
      const value = first.slice(0, shared) + found;
      return `_binary X'${value.slice(0, Math.max(first.length, last.length))}'`;
    });
  },
};

/**
 * Text, as the bytes that the server stores and the same in UTF-8, both in hex. A constant names
 * character set and collation, so that SET NAMES does not matter and the index is used.
 */
function characters(collation: string): KeyType {
  const charset = collation.replace(/_.*/, '');
  const textOf = (value: string) => Buffer.from(value.replace(/.* /, ''), 'hex').toString('utf8');
  const constant = (text: string) => {
    const hex = Buffer.from(text, 'utf8').toString('hex');
    return charset === 'utf8mb4'
      ? `_utf8mb4 X'${hex}' COLLATE ${collation}`
      : `CONVERT(_utf8mb4 X'${hex}' USING ${charset}) COLLATE ${collation}`;
  };
  const ignoresCase = collation.endsWith('_ci');
  return {
    read: (column) => `CONCAT(HEX(${column}), ' ', HEX(CONVERT(${column} USING utf8mb4)))`,
    literal: (value) => `_${charset} X'${value.replace(/ .*/, '')}' COLLATE ${collation}`,
    shorter(before, value) {
      const text = Array.from(textOf(value));
      const kept = sharedCharacters(textOf(before), textOf(value), ignoresCase) + 2;
      return kept < text.length ? constant(text.slice(0, kept).join('')) : null;
    },
    between: (first, last, wanted, seen) =>
      keysBetween(textOf(first), textOf(last), wanted, seen.map(textOf), ignoresCase).map(constant),
  };
}
