import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { decide, type RetentionRules } from '../../src/catalog/retention.js';
import { sampleHistory } from '../support/history.js';
import { keptText, movesThrough } from '../support/retention.js';

// What rules keep of years of backups, and why, written out. After a change that is meant:
//   UPDATE_GOLDEN=1 npx vitest run test/golden
const update = process.env['UPDATE_GOLDEN'] !== undefined;

async function expectGolden(name: string, now: string): Promise<void> {
  const file = fileURLToPath(new URL(`retention/${name}.txt`, import.meta.url));
  if (update) {
    await mkdir(fileURLToPath(new URL('retention', import.meta.url)), { recursive: true });
    await writeFile(file, now);
  }
  expect(await readFile(file, 'utf8')).toBe(now);
}

const nightly = sampleHistory({ days: 4 * 365, drillEvery: 7 });
const now = new Date('2026-11-22T09:12:00Z');
const until = (time: string) => new Date(time);

const cases: [string, RetentionRules][] = [
  ['no-rules', undefined],
  ['usual', { keepLast: 3, keepDaily: 7, keepWeekly: 5, keepMonthly: 12, zone: 'UTC' }],
  ['one-of-each', { keepLast: 1, keepDaily: 1, keepMonthly: 1, keepYearly: 1, zone: 'UTC' }],
  ['years', { keepYearly: 10, zone: 'UTC' }],
  ['within', { keepWithin: 14 * 86_400, keepMonthly: 3, zone: 'UTC' }],
  ['more-than-there-are', { keepMonthly: 500, zone: 'UTC' }],
];

describe('four years of nights', () => {
  test.each(cases)('with the rules "%s"', async (name, rules) => {
    const some = name === 'no-rules' ? sampleHistory({ days: 5 }) : nightly;
    await expectGolden(name, keptText({ ...some, rules, now }));
  });
});

describe('days begin and end in a zone', () => {
  const hours = (from: string, count: number, minutes = 60) =>
    Array.from({ length: count }, (_, i) => new Date(until(from).getTime() + i * minutes * 60_000));
  const rules = { keepHourly: 12, keepDaily: 2 };

  test.each([
    ['berlin-autumn', 'Europe/Berlin', '2026-10-24T20:30:00Z'],
    ['berlin-spring', 'Europe/Berlin', '2026-03-28T20:30:00Z'],
    ['new-york-autumn', 'America/New_York', '2026-11-01T02:30:00Z'],
    ['new-york-spring', 'America/New_York', '2026-03-08T03:30:00Z'],
    ['lord-howe-autumn', 'Australia/Lord_Howe', '2026-04-04T11:40:00Z'],
    ['lord-howe-spring', 'Australia/Lord_Howe', '2026-10-03T11:40:00Z'],
  ])('%s', async (name, zone, from) => {
    const times = hours(from, 24, 30);
    await expectGolden(
      `zone-${name}`,
      keptText({ times, rules: { ...rules, zone }, now: until('2027-01-01T00:00:00Z') }),
    );
  });

  test('the end of a year, in weeks', async () => {
    const times = hours('2026-12-20T23:30:00Z', 24, 24 * 60);
    const weekly = { keepWeekly: 4, keepYearly: 2, zone: 'Pacific/Auckland' };
    await expectGolden(
      'zone-new-year',
      keptText({ times, rules: weekly, now: until('2027-02-01T00:00:00Z') }),
    );
  });
});

test('a year in which every night is followed by a prune', async () => {
  const { backups } = sampleHistory({ days: 365, drillEvery: 0 });
  const rules = { keepLast: 2, keepDaily: 3, keepWeekly: 2, keepMonthly: 3, zone: 'UTC' };
  await expectGolden('every-night', movesThrough(backups, rules));
  const once = decide({ backups, rules, now, pins: new Map(), verdicts: new Map() });
  const left = once.filter(({ keep }) => keep).map(({ backup }) => backup.id);
  expect(movesThrough(backups, rules).split('\n').at(-2)).toContain(`left: ${left.length} `);
});
