import { describe, expect, test } from 'vitest';
import { checkRenames } from '../../../src/restore/renames.js';

const databases = ['shop', 'log'];

describe('new names', () => {
  test.each<[Record<string, string>, [string, string][]]>([
    [{}, []],
    [{ shop: 'copy' }, [['shop', 'copy']]],
    [{ shop: 'shop' }, []],
    // They change places.
    [
      { shop: 'log', log: 'shop' },
      [
        ['shop', 'log'],
        ['log', 'shop'],
      ],
    ],
    [{ shop: '☕ a=b/..' }, [['shop', '☕ a=b/..']]],
    [{ shop: 'x'.repeat(64) }, [['shop', 'x'.repeat(64)]]],
  ])('%j', (asked, wanted) => {
    expect([...checkRenames(asked, databases)]).toEqual(wanted);
  });

  test.each<[Record<string, string>, RegExp]>([
    [{ nope: 'copy' }, /no database "nope"/],
    [{ toString: 'copy' }, /no database "toString"/],
    [{ shop: 'log' }, /two databases would be restored as "log"/],
    [{ shop: 'x', log: 'x' }, /two databases would be restored as "x"/],
    [{ shop: '' }, /cannot be the name/],
    [{ shop: 'x'.repeat(65) }, /cannot be the name/],
    [{ shop: 'x ' }, /cannot be the name/],
    [{ shop: '😀' }, /cannot be the name/],
    [{ shop: 'SYS' }, /of the server itself/],
  ])('%j are refused', (asked, message) => {
    expect(() => checkRenames(asked, databases)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringMatching(message) as string }),
    );
  });
});
