import fc from 'fast-check';
import { DateTime, Settings } from 'luxon';
import { afterEach, describe, expect, test } from 'vitest';
import {
  ageText,
  bytesText,
  clockText,
  countText,
  nameText,
  rateText,
  secondsText,
  timeText,
} from '../../../src/util/text.js';

describe('bytesText', () => {
  test.each([
    [0, '0 B'],
    [1, '1 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [643_100_000, '643.1 MB'],
    [1e9, '1.0 GB'],
    [1e12, '1.0 TB'],
    [5e15, '5000.0 TB'],
  ])('%d is %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });

  test('is near the number that it tells', () => {
    const sizes: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };
    fc.assert(
      fc.property(fc.nat(Number.MAX_SAFE_INTEGER), (bytes) => {
        const [value = '', unit = ''] = bytesText(bytes).split(' ');
        const size = sizes[unit]!;
        expect(Math.abs(Number(value) * size - bytes)).toBeLessThanOrEqual(0.051 * size);
      }),
    );
  });
});

test.each([
  [969.598, 1, '970 B/s'],
  [1000, 2, '500 B/s'],
  [205_400_000, 1, '205.4 MB/s'],
  [1000, 0.2, ''],
  [1000, 0, ''],
])('%d bytes in %d s are %j', (bytes, seconds, text) => {
  expect(rateText(bytes, seconds)).toBe(text);
});

test.each([
  [0, '0.00 s'],
  [0.842, '0.84 s'],
  [9.5, '9.50 s'],
  [12.34, '12.3 s'],
  [60, '1 min 0 s'],
  [250.4, '4 min 10 s'],
  [3599.6, '1 h 0 min'],
  [7500, '2 h 5 min'],
  [100 * 3600, '100 h 0 min'],
])('%d s are %s', (seconds, text) => {
  expect(secondsText(seconds)).toBe(text);
});

describe('a time', () => {
  const zone = Settings.defaultZone;
  afterEach(() => void (Settings.defaultZone = zone));

  test.each([
    ['Europe/Berlin', '2026-11-22T02:30:00.987Z', '2026-11-22 03:30:00 +01:00'],
    ['Europe/Berlin', '2026-07-22T02:30:00Z', '2026-07-22 04:30:00 +02:00'],
    ['America/Los_Angeles', '2026-11-22T02:30:00Z', '2026-11-21 18:30:00 -08:00'],
    ['utc', '2026-11-22T02:30:00Z', '2026-11-22 02:30:00 +00:00'],
  ])('is told in %s', (name, iso, text) => {
    Settings.defaultZone = name;
    expect(timeText(iso)).toBe(text);
  });

  test('is told as luxon would tell it, in any zone', () => {
    const zones = [
      'Europe/Berlin',
      'Australia/Lord_Howe',
      'America/St_Johns',
      'Asia/Kathmandu',
      'UTC',
    ];
    const times = fc.date({
      min: new Date('2000-01-01'),
      max: new Date('2100-01-01'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(fc.constantFrom(...zones), times, (name, time) => {
        Settings.defaultZone = name;
        const iso = time.toISOString();
        expect(timeText(iso)).toBe(DateTime.fromISO(iso).toFormat('yyyy-MM-dd HH:mm:ss ZZ'));
      }),
    );
    expect(timeText('yesterday')).toBe('Invalid DateTime');
  });

  test.each([
    ['2026-11-22T02:30:00Z', '3 hours ago'],
    ['2026-11-20T02:30:00Z', '2 days ago'],
    ['2026-11-22T05:29:30Z', '30 seconds ago'],
  ])('%s is so long ago: %s', (iso, text) => {
    expect(ageText(iso, new Date('2026-11-22T05:30:00Z'))).toBe(text);
  });
});

describe('nameText', () => {
  test.each([
    ['orders', 'orders'],
    ['☕ é 漢 🦆', '☕ é 漢 🦆'],
    ['new\nline', 'new\\nline'],
    ['\x1b[31mred', '\\u{1b}[31mred'],
    ['\r\0\x7f', '\\u{d}\\u{0}\\u{7f}'],
    ['right\u202eleft', 'right\\u{202e}left'],
    ['\u2028', '\\u{2028}'],
  ])('%j is shown as %j', (name, text) => {
    expect(nameText(name)).toBe(text);
  });

  test('leaves no name that plays with a terminal, and every other alone', () => {
    const playful = /[\p{Cc}\p{Cf}\u2028\u2029]/u;
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(nameText(name)).not.toMatch(playful);
        if (!playful.test(name)) expect(nameText(name)).toBe(name);
      }),
    );
  });
});

test.each([
  [0, '0:00'],
  [12.4, '0:12'],
  [59.6, '1:00'],
  [250, '4:10'],
  [3599.6, '1:00:00'],
  [7505, '2:05:05'],
])('%d s to go are %s', (seconds, text) => {
  expect(clockText(seconds)).toBe(text);
});

test('counts have separators', () => {
  expect(countText(1234567)).toBe('1,234,567');
});
