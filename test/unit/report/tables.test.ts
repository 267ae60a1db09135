import { expect, test } from 'vitest';
import { keyOf, loadTimes } from '../../../src/report/tables.js';

const part = { key: '', database: 'shop', from: 0, plainBytes: 0 };

test('the parts of a table add up; small tables share the time of theirs', () => {
  const times = loadTimes({
    parts: [
      { ...part, kind: 'schema', tables: ['orders'], seconds: 100 },
      { ...part, kind: 'data', tables: ['orders'], seconds: 3 },
      { ...part, kind: 'data', tables: ['orders'], seconds: 4 },
      { ...part, kind: 'data', tables: ['a', 'b', 'c'], seconds: 1 },
    ],
  });
  expect(times.get(keyOf({ database: 'shop', name: 'orders' }))).toEqual({ seconds: 7, others: 0 });
  expect(times.get(keyOf({ database: 'shop', name: 'b' }))).toEqual({ seconds: 1, others: 2 });
  expect(times.size).toBe(4);
});
