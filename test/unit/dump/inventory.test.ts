import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matches } from '../../../src/dump/inventory.js';
import { hostileNames } from '../../rig/hostile/names.js';

describe('matches', () => {
  test.each([
    ['shop', 'shop', true],
    ['shop', 'shop2', false],
    ['shop', 'myshop', false],
    ['shop', 'Shop', false],
    ['*', '', true],
    ['*', 'new\nline', true],
    ['shop*', 'shop', true],
    ['shop_*', 'shop', false],
    ['*.log', 'shop.log', true],
    ['*.log', 'shop_log', false],
    ['*.*_tmp', 'shop.a_tmp', true],
    ['shop.?', 'shop.a', true],
    ['shop.?', 'shop.', false],
    ['shop.?', 'shop.ab', false],
    ['?', '漢', true],
    ['?', '🦆', true],
    ['[ab]', 'a', false],
    ['a|b', 'a', false],
    ['(a)+', '(a)+', true],
    ['$a^{2}\\', '$a^{2}\\', true],
  ])('%j and %j: %j', (pattern, name, covers) => {
    expect(matches(pattern, name)).toBe(covers);
  });

  const plain = fc.oneof(fc.constantFrom(...hostileNames), fc.string({ unit: 'binary' }));

  test('a name without * and ? covers itself and no other', () => {
    fc.assert(
      fc.property(plain, plain, (one, other) => {
        fc.pre(!/[*?]/.test(one));
        expect(matches(one, one)).toBe(true);
        expect(matches(one, other)).toBe(one === other);
      }),
    );
  });

  test('* stands for any text, ? for any character', () => {
    fc.assert(
      fc.property(
        plain,
        plain,
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
        (...given) => {
          const [before, after, one] = given;
          fc.pre(!/[*?]/.test(before + after));
          expect(matches(`${before}*`, before + after)).toBe(true);
          expect(matches(`*${after}`, before + after)).toBe(true);
          expect(matches(`${before}?${after}`, before + one + after)).toBe(true);
          expect(matches(`${before}?${after}`, before + after)).toBe(false);
        },
      ),
    );
  });
});
