import fc from 'fast-check';
import type { Engine } from '../rig/index.js';

/** A column of a key: its type, and values as SQL constants. */
export interface KeyColumn {
  type: string;
  value: fc.Arbitrary<string>;
}

/** A table by its key's columns and the rows of them. */
export interface KeyedTable {
  types: string[];
  rows: string[][];
  pieces: number;
}

function integer(type: string, min: bigint, max: bigint): KeyColumn {
  const near = (base: bigint) =>
    fc.bigInt({ min: base < min ? min : base, max: base + 60n > max ? max : base + 60n });
  const far = fc.bigInt({ min, max });
  // Gaps and crowds: around the ends, around zero, and anywhere.
  const some = fc.oneof(near(min), near(-30n), near(max - 60n), { weight: 3, arbitrary: far });
  return { type, value: some.map(String) };
}

const two = (value: number) => String(value).padStart(2, '0');
const date = fc
  .record({
    year: fc.constantFrom(1000, 1969, 1999, 2020, 2020, 9999),
    month: fc.integer({ min: 0, max: 12 }),
    day: fc.integer({ min: 0, max: 28 }),
  })
  .map(({ year, month, day }) => `${year}-${two(month)}-${two(day)}`);
const clock = fc
  .record({
    hour: fc.integer({ min: 0, max: 23 }),
    minute: fc.integer({ min: 0, max: 59 }),
    micro: fc.nat(999_999),
  })
  .map(
    ({ hour, minute, micro }) => `${two(hour)}:${two(minute)}:59.${String(micro).padStart(6, '0')}`,
  );
const dateTime = fc.tuple(date, clock).map((parts) => parts.join(' '));
const seconds = fc
  .integer({ min: 1, max: 2 ** 31 - 1 })
  .map((at) => new Date(at * 1000).toISOString().slice(0, 19).replace('T', ' '));
const quoted = (text: fc.Arbitrary<string>, none: string) =>
  fc
    .oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: fc.constant(none) })
    .map((value) => `'${value}'`);

const letters = [
  ...Array.from('aAbBzZäÄßéeo01 -_%\\\'"`'),
  '\t',
  '\0',
  'ss',
  'я',
  'Я',
  '日',
  '本',
  '😀',
  'ﬀ',
];
const word = fc
  .tuple(
    fc.constantFrom('', '', 'the same long beginning of all of them ', 'THE SAME LONG '),
    fc.array(fc.constantFrom(...letters), { maxLength: 6 }),
  )
  .map(([begin, end]) => begin + end.join(''));

function characters(kind: string, collation: string): KeyColumn {
  const charset = collation.replace(/_.*/, '');
  const hex = (text: string) => Buffer.from(text, 'utf8').toString('hex');
  return {
    type: `${kind} CHARACTER SET ${charset} COLLATE ${collation}`,
    value: word.map((text) => `CONVERT(_utf8mb4 X'${hex(text)}' USING ${charset})`),
  };
}

const collations: Record<Engine | 'both', string[]> = {
  both: [
    ...['latin1_swedish_ci', 'latin1_german2_ci', 'latin1_bin', 'cp1251_general_ci', 'ascii_bin'],
    ...['utf8mb3_general_ci', 'utf8mb3_bin', 'utf8mb4_bin', 'utf8mb4_general_ci'],
    ...['utf8mb4_unicode_ci', 'utf8mb4_unicode_520_ci', 'utf8mb4_swedish_ci', 'utf16_unicode_ci'],
    ...['ucs2_bin', 'utf32_general_ci', 'gbk_chinese_ci', 'sjis_japanese_ci', 'big5_bin'],
  ],
  mysql: [
    ...['utf8mb4_0900_ai_ci', 'utf8mb4_0900_as_cs', 'utf8mb4_0900_bin', 'utf8mb4_ja_0900_as_cs'],
    ...['utf8mb4_de_pb_0900_ai_ci', 'gb18030_chinese_ci'],
  ],
  mariadb: [
    ...['utf8mb4_uca1400_ai_ci', 'utf8mb4_uca1400_as_cs', 'utf8mb4_uca1400_nopad_ai_ci'],
    ...['utf8mb4_nopad_bin', 'latin1_swedish_nopad_ci', 'utf8mb3_uca1400_spanish_ai_ci'],
  ],
};

const bytes = (maxLength: number) =>
  fc
    .array(fc.constantFrom(0, 0, 1, 0x20, 0x41, 0x7f, 0x80, 0xff), { maxLength })
    .map((list) => `X'${Buffer.from(list).toString('hex')}'`);

/** Every type of column that a table may be cut by. */
function keyColumns(engine: Engine): KeyColumn[] {
  const texts = [...collations.both, ...collations[engine]];
  return [
    integer('TINYINT', -128n, 127n),
    integer('SMALLINT UNSIGNED', 0n, 65_535n),
    integer('MEDIUMINT(8) ZEROFILL', 0n, 2n ** 24n - 1n),
    integer('INT', -(2n ** 31n), 2n ** 31n - 1n),
    integer('BIGINT', -(2n ** 63n), 2n ** 63n - 1n),
    integer('BIGINT UNSIGNED', 0n, 2n ** 64n - 1n),
    integer('DECIMAL(20,0)', -(10n ** 20n) + 1n, 10n ** 20n - 1n),
    {
      type: 'DECIMAL(12,5)',
      value: fc.integer({ min: -(10 ** 6), max: 10 ** 6 }).map((n) => `${n}e-4`),
    },
    { type: 'DATE', value: quoted(date, '0000-00-00') },
    { type: 'DATETIME', value: quoted(dateTime, '0000-00-00') },
    { type: 'DATETIME(6)', value: quoted(dateTime, '0000-00-00') },
    { type: 'TIMESTAMP(3)', value: quoted(seconds, '0000-00-00') },
    { type: 'BINARY(4)', value: bytes(4) },
    { type: 'VARBINARY(9)', value: bytes(9) },
    ...texts.map((collation, i) =>
      // A CHAR of a nopad collation is not cut: MariaDB's index does not sort as it compares.
      characters(i % 3 > 0 || collation.includes('nopad') ? 'VARCHAR(48)' : 'CHAR(48)', collation),
    ),
  ];
}

/** Tables with keys of one to three columns; those before the last have few values. */
export function keyedTables(engine: Engine): fc.Arbitrary<KeyedTable> {
  const columns = fc.array(fc.constantFrom(...keyColumns(engine)), { minLength: 1, maxLength: 3 });
  return columns.chain((chosen) => {
    const values = chosen.map(({ value }, i) =>
      i === chosen.length - 1
        ? value
        : fc.array(value, { minLength: 1, maxLength: 4 }).chain((few) => fc.constantFrom(...few)),
    );
    return fc.record({
      types: fc.constant(chosen.map(({ type }) => type)),
      rows: fc.array(fc.tuple(...values), { minLength: 0, maxLength: 150, size: 'max' }),
      pieces: fc.integer({ min: 2, max: 9 }),
    });
  });
}
