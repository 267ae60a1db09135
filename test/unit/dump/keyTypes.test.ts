import { expect, test } from 'vitest';
import { keyType } from '../../../src/dump/keyTypes.js';

const guesses = (type: string, first: string, last: string, collation: string | null = null) =>
  keyType(type, collation)!.between(first, last, 3, []);

test('numbers lie at even distances, beyond what a double holds', () => {
  expect(guesses('bigint unsigned', '18446744073709551611', '18446744073709551615')).toEqual([
    '18446744073709551612',
    '18446744073709551613',
    '18446744073709551614',
  ]);
  expect(guesses('tinyint(3) unsigned zerofill', '004', '006')).toEqual(['5']);
  expect(guesses('int', '-3', '5')).toEqual(['-1', '1', '3']);
  expect(guesses('int', '4', '5')).toEqual([]);
  expect(guesses('decimal(9,2)', '-0.04', '0.04')).toEqual(['-0.02', '0.00', '0.02']);
});

test('times are dates of a calendar', () => {
  expect(guesses('date', '2020-01-01', '2020-01-03')).toEqual(["DATE'2020-01-02'"]);
  expect(guesses('datetime(6)', '2020-01-01 00:00:00.000000', '2020-01-01 04:00:00.5')).toEqual([
    "TIMESTAMP'2020-01-01 01:00:00'",
    "TIMESTAMP'2020-01-01 02:00:00'",
    "TIMESTAMP'2020-01-01 03:00:00'",
  ]);
  const type = keyType('datetime', null)!;
  for (const none of ['0000-00-00 00:00:00', '2021-02-29 00:00:00', '2020-00-01 00:00:00']) {
    expect(type.literal(none)).toBeNull();
  }
});

test('bytes share what the first and the last begin with', () => {
  expect(guesses('varbinary(9)', 'AA10', 'AA50')).toEqual([
    "_binary X'AA20'",
    "_binary X'AA30'",
    "_binary X'AA40'",
  ]);
});

test('texts name their character set and collation', () => {
  const type = keyType('char(5)', 'latin1_german1_ci')!;
  expect(type.literal('E9 C3A9')).toBe("_latin1 X'E9' COLLATE latin1_german1_ci");
  expect(type.between('6161 6161', '6163 6163', 3, [])).toContain(
    "CONVERT(_utf8mb4 X'6162' USING latin1) COLLATE latin1_german1_ci",
  );
});

test('other types have no order to cut by', () => {
  for (const type of ['float', 'double', "enum('a')", "set('a')", 'bit(3)', 'time', 'year(4)']) {
    expect(keyType(type, null)).toBeNull();
  }
  expect(keyType('char(9)', 'utf8mb4_nopad_bin')).toBeNull();
});

test('a constant shows no more of a key than tells it from the one before', () => {
  const utf8 = (text: string) => Buffer.from(text).toString('hex').toUpperCase();
  const token = (text: string) => `${utf8(text)} ${utf8(text)}`;
  const type = keyType('varchar(40)', 'utf8mb4_0900_ai_ci')!;
  expect(type.shorter(token('token-ab12'), token('Token-bb345'))).toBe(
    `_utf8mb4 X'${Buffer.from('Token-bb').toString('hex')}' COLLATE utf8mb4_0900_ai_ci`,
  );
  expect(type.shorter(token('a'), token('b'))).toBeNull();
  const bytes = keyType('binary(4)', null)!;
  expect(bytes.shorter('AABBCCDD', 'AAC0FFEE')).toBe("_binary X'AAC0FF'");
  expect(bytes.shorter('AABBCCDD', 'AABBCCDE')).toBeNull();
});
