import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDuration, parseSize } from '../../../src/config/units.js';

describe('parseDuration', () => {
  test.each([
    ['60s', 60],
    ['1h30m', 5400],
    ['14d', 1_209_600],
    ['1w', 604_800],
    ['500ms', 0.5],
    ['1.5h', 5400],
    ['1d2h3m4s5ms', 93_784.005],
    [' 2h ', 7200],
    ['90', 90],
    [0, 0],
    [2.5, 2.5],
  ])('%j is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBeCloseTo(seconds, 9);
  });

  test.each([
    '',
    's',
    '60 s',
    '-1s',
    '1m1h',
    '1m2m',
    '1y',
    '1H',
    '1.s',
    '.5s',
    '1e3',
    -1,
    NaN,
    Infinity,
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  test('is the sum of its units', () => {
    const amount = fc.nat(999);
    fc.assert(
      fc.property(amount, amount, amount, amount, amount, (d, h, m, s, ms) => {
        const seconds = d * 86_400 + h * 3600 + m * 60 + s + ms / 1000;
        expect(parseDuration(`${d}d${h}h${m}m${s}s${ms}ms`)).toBeCloseTo(seconds, 6);
      }),
    );
  });
});

describe('parseSize', () => {
  test.each([
    ['16MiB', 16_777_216],
    ['10GB', 10_000_000_000],
    ['10 GiB', 10_737_418_240],
    ['512B', 512],
    ['512b', 512],
    ['1kB', 1000],
    ['1.5KiB', 1536],
    ['2tib', 2 * 2 ** 40],
    ['7', 7],
    [7, 7],
    [0, 0],
  ])('%j is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each([
    '',
    'MiB',
    '16M',
    '16G',
    '-1B',
    '1e3',
    '1 0B',
    '9008TB',
    '99999TB',
    -1,
    NaN,
    Infinity,
  ])('%j is none', (text) => {
    expect(parseSize(text)).toBeNull();
  });

  test('knows binary from decimal', () => {
    fc.assert(
      fc.property(fc.nat(4096), fc.integer({ min: 1, max: 4 }), (n, power) => {
        const letter = ' KMGT'[power] ?? '';
        expect(parseSize(`${n}${letter}iB`)).toBe(n * 1024 ** power);
        expect(parseSize(`${n}${letter}B`)).toBe(n * 1000 ** power);
      }),
    );
  });
});
