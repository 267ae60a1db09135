import { expect, test } from 'vitest';
import { keyCondition, type Cut } from '../../../src/dump/keyCondition.js';

const cases: [Cut | null, Cut | null, string][] = [
  [null, ['5'], 'a < 5'],
  [['5'], null, 'a >= 5'],
  [['5'], ['7'], 'a >= 5 AND a < 7'],
  [['5'], ['5', '1'], 'a = 5 AND b < 1'],
  [['5', '1'], ['5', '3'], 'a = 5 AND b >= 1 AND b < 3'],
  [['5', '1'], null, '((a = 5 AND b >= 1) OR (a > 5))'],
  [null, ['5', '1'], '((a < 5) OR (a = 5 AND b < 1))'],
  [['5', '1'], ['7'], '((a = 5 AND b >= 1) OR (a > 5 AND a < 7))'],
  [
    ['5', '1'],
    ['7', '2', '3'],
    '((a = 5 AND b >= 1) OR (a > 5 AND a < 7) OR (a = 7 AND b < 2) OR (a = 7 AND b = 2 AND c < 3))',
  ],
  [
    ['5', '1', '9'],
    ['5', '2', '3'],
    '((a = 5 AND b = 1 AND c >= 9) OR (a = 5 AND b > 1 AND b < 2) OR (a = 5 AND b = 2 AND c < 3))',
  ],
];

test.each(cases)('from %j to %j', (from, to, condition) => {
  expect(keyCondition(['a', 'b', 'c'], from, to)).toBe(condition);
});
