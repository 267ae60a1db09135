import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cronFields, plainCron } from '../../../src/schedule/cron.js';
import { latestRun, nextRuns, refuseCron } from '../../../src/schedule/times.js';
import { anyCron } from './anyCron.js';

describe('what is refused', () => {
  test.each([
    ['30 2 * *', 'expected five fields'],
    ['0 30 2 * * *', 'expected five fields'],
    ['@daily', 'expected five fields'],
    ['60 2 * * *', 'minute: cannot read "60"'],
    ['30 24 * * *', 'hour: cannot read "24"'],
    ['30 2 0 * *', 'day of the month: cannot read "0"'],
    ['30 2 * 13 *', 'month: cannot read "13"'],
    ['30 2 * * 8', 'day of the week: cannot read "8"'],
    ['30 2 * * funday', 'day of the week: cannot read "funday"'],
    ['30 2 * * fri-mon', 'day of the week: cannot read "fri-mon"'],
    ['5/15 2 * * *', 'minute: cannot read "5/15"'],
    ['*/0 2 * * *', 'minute: cannot read "*/0"'],
    ['30 2 L * *', 'day of the month: cannot read "L"'],
    ['30 2 * * 5#2', 'day of the week: cannot read "5#2"'],
    ['1,,2 2 * * *', 'minute: cannot read ""'],
    ['30 2 30 2 *', 'names a day that never comes'],
    ['30 2 */2 * 1', 'read differently by every cron'],
    ['30 2 1 * */2', 'read differently by every cron'],
  ])('%s', (expression, why) => {
    expect(refuseCron(expression)).toContain(why);
  });

  test.each([
    '30 2 * * *',
    '*/2 2 */2 * *',
    '0 0 1,15 * 5',
    '5-50/15 0-6 1 jan-mar,DEC Mon-Fri',
    '0 0 * * 7',
    '0 0 29 2 *',
  ])('%s is not', (expression) => {
    expect(refuseCron(expression)).toBeNull();
  });
});

test('Sunday is 0 and 7', () => {
  expect(cronFields('0 0 * * 5-7').weekday).toEqual([0, 5, 6]);
  expect(plainCron('0 0 * jan-mar,DEC sun')).toBe('0 0 * 1-3,12 0');
  expect(plainCron('0 0 * * 0-7')).toBe('0 0 * * 0,1,2,3,4,5,6');
});

test('the plain expression means the same', () => {
  const from = new Date('2026-01-01T00:00:00Z');
  const runs = (cron: string) => nextRuns({ cron, zone: 'UTC' }, from, 5);
  fc.assert(
    fc.property(anyCron, (cron) => {
      expect(runs(plainCron(cron))).toEqual(runs(cron));
    }),
    { numRuns: 50 },
  );
});

test('the latest run at any of its times is that time, and just before it the one before', () => {
  const from = new Date('2026-03-01T00:00:00Z');
  fc.assert(
    fc.property(
      anyCron,
      fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe'),
      (cron, zone) => {
        const [first, second] = nextRuns({ cron, zone }, from, 2);
        expect(latestRun({ cron, zone }, second!)).toEqual(second);
        expect(latestRun({ cron, zone }, new Date(second!.getTime() - 1))).toEqual(first);
      },
    ),
    { numRuns: 50 },
  );
});
