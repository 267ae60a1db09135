import { DateTime } from 'luxon';
import { describe, expect, test } from 'vitest';
import { changeText, clockChanges, nextRuns } from '../../../src/schedule/times.js';

// The table of docs/schedules.md, "When the clocks change".
describe.each([
  [
    'Europe/Berlin',
    '30 2 * * *',
    '2026-03-28',
    '03-28 02:30 +1',
    '03-29 03:00 +2',
    '03-30 02:30 +2',
  ],
  [
    'Europe/Berlin',
    '30 2 * * *',
    '2026-10-24',
    '10-24 02:30 +2',
    '10-25 02:30 +2',
    '10-26 02:30 +1',
  ],
  [
    'America/New_York',
    '30 2 * * *',
    '2026-03-07',
    '03-07 02:30 -5',
    '03-08 03:00 -4',
    '03-09 02:30 -4',
  ],
  [
    'America/New_York',
    '30 1 * * *',
    '2026-10-31',
    '10-31 01:30 -4',
    '11-01 01:30 -4',
    '11-02 01:30 -5',
  ],
  [
    'Australia/Lord_Howe',
    '10 2 * * *',
    '2026-10-03',
    '10-03 02:10 +10:30',
    '10-04 02:30 +11',
    '10-05 02:10 +11',
  ],
  [
    'Australia/Lord_Howe',
    '45 1 * * *',
    '2026-04-04',
    '04-04 01:45 +11',
    '04-05 01:45 +11',
    '04-06 01:45 +10:30',
  ],
  // A list of hours is a list of times of the day.
  [
    'Europe/Berlin',
    '30 2,14 * * *',
    '2026-03-29',
    '03-29 03:00 +2',
    '03-29 14:30 +2',
    '03-30 02:30 +2',
  ],
  // What counts through goes on counting: none in the gap, two where the hour comes twice.
  [
    'Europe/Berlin',
    '30 * * * *',
    '2026-03-29T01:00',
    '03-29 01:30 +1',
    '03-29 03:30 +2',
    '03-29 04:30 +2',
  ],
  [
    'Europe/Berlin',
    '30 * * * *',
    '2026-10-25T01:40',
    '10-25 02:30 +2',
    '10-25 02:30 +1',
    '10-25 03:30 +1',
  ],
])('%s, %s, from %s', (zone, cron, from, ...expected) => {
  test(expected.join(', '), () => {
    const start = DateTime.fromISO(from, { zone }).minus(1);
    const runs = nextRuns({ cron, zone }, start.toJSDate(), 3);
    const texts = runs.map((at) => DateTime.fromJSDate(at, { zone }).toFormat('MM-dd HH:mm Z'));
    expect(texts).toEqual(expected);
  });
});

describe('what a change does is told', () => {
  const texts = (zone: string, cron: string) =>
    clockChanges({ zone, cron }, new Date('2026-01-01T00:00:00Z'), 365).map(changeText);

  test.each([
    ['Europe/Berlin', '30 2 * * *', '2026-03-29: 02:30 does not exist, it runs at 03:00'],
    ['Europe/Berlin', '30 2 * * *', '2026-10-25: 02:30 comes twice, it runs the first time'],
    ['Europe/Berlin', '0 2 * * *', '2026-03-29: 02:00 does not exist, it runs at 03:00'],
    ['Europe/Berlin', '30 * * * *', '2026-03-29: 02:30 does not exist, this run is left out'],
    ['Europe/Berlin', '30 * * * *', '2026-10-25: 02:30 comes twice, it runs both times'],
    [
      'Europe/Berlin',
      '*/10 2 * * *',
      '2026-03-29: 02:00 to 02:50 do not exist, these runs are left out',
    ],
    ['America/New_York', '30 2 * * *', '2026-03-08: 02:30 does not exist, it runs at 03:00'],
    ['America/New_York', '30 1 * * *', '2026-11-01: 01:30 comes twice, it runs the first time'],
    ['Australia/Lord_Howe', '10 2 * * *', '2026-10-04: 02:10 does not exist, it runs at 02:30'],
    ['Australia/Lord_Howe', '45 1 * * *', '2026-04-05: 01:45 comes twice, it runs the first time'],
  ])('%s, %s: %s', (zone, cron, text) => {
    expect(texts(zone, cron)).toContain(text);
  });

  test.each([
    ['UTC', '30 2 * * *'],
    ['Asia/Tokyo', '30 2 * * *'],
    ['Europe/Berlin', '0 3 * * *'],
    ['Europe/Berlin', '30 1 * * *'],
    ['Europe/Berlin', '30 2 * * mon'],
    ['Australia/Lord_Howe', '30 2 * * *'],
    ['Australia/Lord_Howe', '15 1 * * *'],
  ])('%s, %s is not met', (zone, cron) => {
    expect(texts(zone, cron)).toEqual([]);
  });
});
