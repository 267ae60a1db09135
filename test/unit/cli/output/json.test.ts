import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonPieces } from '../../../../src/cli/output/json.js';

test('the pieces are what JSON.stringify makes of the whole', () => {
  const sizes = fc.constantFrom(0, 1, 2, 99, 100, 101, 199, 200, 201, 350);
  fc.assert(
    fc.property(sizes, fc.jsonValue(), (size, value) => {
      const whole = Array.from({ length: size }, (_, i) => (i % 3 === 0 ? { value, i } : value));
      expect([...jsonPieces(whole)].join('')).toBe(JSON.stringify(whole, null, 2));
      expect([...jsonPieces(value)].join('')).toBe(JSON.stringify(value, null, 2));
    }),
  );
});
