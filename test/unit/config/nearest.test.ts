import { describe, expect, test } from 'vitest';
import { didYouMean, nearest } from '../../../src/config/nearest.js';

const keys = ['databases', 'source', 'replica', 'store', 'stores', 'keepLast', 'tls', 'ca'];

describe('nearest', () => {
  test.each([
    ['databse', 'databases'],
    ['database', 'databases'],
    ['soruce', 'source'],
    ['Replica', 'replica'],
    ['keep-last', 'keepLast'],
    ['keep_last', 'keepLast'],
    ['store', 'store'],
    ['storse', 'store'],
    ['tsl', 'tls'],
  ])('%s is %s', (word, expected) => {
    expect(nearest(word, keys)).toBe(expected);
  });

  test.each(['password', 'x', '', 'zz'])('%j is like none', (word) => {
    expect(nearest(word, keys)).toBeNull();
  });

  test('says nothing when there is nothing to say', () => {
    expect(didYouMean('soruce', keys)).toBe(' (did you mean "source"?)');
    expect(didYouMean('password', keys)).toBe('');
    expect(didYouMean('password', [])).toBe('');
  });
});
