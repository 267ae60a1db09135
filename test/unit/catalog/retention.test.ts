import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, test } from 'vitest';
import type { DrillRecord } from '../../../src/catalog/drillRecord.js';
import { decide, type Candidate, type RetentionRules } from '../../../src/catalog/retention.js';
import { pinOf } from '../../support/retention.js';
import { idAt } from '../../support/sample.js';

const now = new Date('2026-11-22T09:00:00Z');
const day = 86_400_000;

/** Backups of the last two years, some of one hour or day, none of one second. */
const backups = fc
  .uniqueArray(
    fc.oneof(
      fc.integer({ min: 1, max: 730 * 86_400 }),
      fc.integer({ min: 1, max: 10 * 86_400 }),
      fc.integer({ min: 0, max: 60 }).map((days) => days * 86_400 + 1),
    ),
    { maxLength: 60 },
  )
  .map((ages) => ages.map((age) => candidate(new Date(now.getTime() - age * 1000))));

const count = fc.integer({ min: 1, max: 12 });
const some = {
  keepHourly: count,
  keepDaily: count,
  keepWeekly: count,
  keepMonthly: count,
  keepYearly: count,
  keepWithin: fc.integer({ min: 1, max: 60 * 86_400 }),
};
const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe');
const keepLast = count;
/** At least one rule. */
const rules: fc.Arbitrary<NonNullable<RetentionRules>> = fc.oneof(
  fc.record({ keepLast, zone, ...some }, { requiredKeys: ['keepLast', 'zone'] }),
  fc.record({ zone, ...some }, { requiredKeys: ['keepDaily', 'zone'] }),
  fc.record({ zone, ...some }, { requiredKeys: ['keepWithin', 'zone'] }),
);

function candidate(at: Date): Candidate {
  return { id: idAt(at, 'nightly', () => 0.5), pausedAt: at.toISOString() };
}

interface Given {
  rules?: RetentionRules;
  pinned?: readonly Candidate[];
  proven?: readonly Candidate[];
  bad?: readonly Candidate[];
  at?: Date;
}

function decided(all: readonly Candidate[], given: Given = {}) {
  const { pinned = [], proven = [], bad = [] } = given;
  return decide({
    backups: all,
    pins: new Map(pinned.map(({ id }) => [id, pinOf(id)])),
    verdicts: new Map<string, Pick<DrillRecord, 'status'>>([
      ...proven.map(({ id }) => [id, { status: 'passed' }] as const),
      ...bad.map(({ id }) => [id, { status: 'failed' }] as const),
    ]),
    rules: given.rules,
    now: given.at ?? now,
  });
}

function keptOf(all: readonly Candidate[], given: Given = {}): string[] {
  return decided(all, given)
    .filter(({ keep }) => keep)
    .map(({ backup }) => backup.id);
}

const idsOf = (all: readonly Candidate[]): string[] => all.map(({ id }) => id).sort();
const every = (nth: number, all: readonly Candidate[]) => all.filter((_, i) => i % nth === 0);

describe('laws of retention', () => {
  test('kept and removed make up the whole, oldest first, each with a reason', () => {
    fc.assert(
      fc.property(backups, rules, (all, rules) => {
        const decisions = decided(all, { rules });
        expect(decisions.map(({ backup }) => backup.id)).toEqual(idsOf(all));
        for (const { reasons } of decisions) expect(reasons.join('')).not.toBe('');
      }),
    );
  });

  test('the newest, the pinned and the last proven stay under any rules', () => {
    fc.assert(
      fc.property(backups, rules, fc.integer({ min: 2, max: 9 }), (all, rules, nth) => {
        const pinned = every(nth, all);
        const proven = every(nth + 1, all);
        const kept = new Set(keptOf(all, { rules, pinned, proven }));
        for (const id of [...idsOf(pinned), ...idsOf(all).slice(-1), ...idsOf(proven).slice(-1)])
          expect(kept).toContain(id);
      }),
    );
  });

  test('without a rule all stay', () => {
    fc.assert(
      fc.property(backups, fc.constantFrom(undefined, { zone: 'UTC' }), (all, rules) => {
        expect(keptOf(all, { rules })).toEqual(idsOf(all));
      }),
    );
  });

  test('what a prune has left, the same prune leaves', () => {
    fc.assert(
      fc.property(backups, rules, fc.integer({ min: 2, max: 9 }), (all, rules, nth) => {
        const given = { rules, pinned: every(nth, all), proven: every(nth + 1, all) };
        const left = keptOf(all, given);
        const again = all.filter(({ id }) => left.includes(id));
        expect(keptOf(again, given)).toEqual(left);
      }),
    );
  });

  test('one more backup removes none that is younger than it', () => {
    fc.assert(
      fc.property(backups, rules, fc.integer({ min: 0, max: 59 }), (all, rules, at) => {
        fc.pre(all.length > 1);
        const added = all[at % all.length]!;
        const before = keptOf(
          all.filter((one) => one !== added),
          { rules },
        );
        const after = keptOf(all, { rules });
        expect(after).toEqual(expect.arrayContaining(before.filter((id) => id > added.id)));
      }),
    );
  });

  test('a larger rule removes nothing more', () => {
    const names = ['keepLast', 'keepDaily', 'keepWeekly', 'keepMonthly', 'keepYearly'] as const;
    fc.assert(
      fc.property(backups, rules, fc.constantFrom(...names), (all, rules, name) => {
        const larger = { ...rules, [name]: (rules[name] ?? 0) + 1 };
        expect(keptOf(all, { rules: larger })).toEqual(
          expect.arrayContaining(keptOf(all, { rules })),
        );
      }),
    );
  });

  test('nothing goes because time passes: after failed runs no prune removes more', () => {
    fc.assert(
      fc.property(backups, rules, fc.integer({ min: 1, max: 900 }), (all, rules, days) => {
        const later = new Date(now.getTime() + days * day);
        expect(keptOf(all, { rules, at: later })).toEqual(keptOf(all, { rules }));
      }),
    );
  });

  test('a prune after every backup leaves what one at the end would', () => {
    fc.assert(
      fc.property(backups, rules, (all, rules) => {
        let there: Candidate[] = [];
        for (const backup of [...all].sort((a, b) => (a.id < b.id ? -1 : 1))) {
          const kept = new Set(keptOf([...there, backup], { rules }));
          there = [...there, backup].filter(({ id }) => kept.has(id));
        }
        expect(idsOf(there)).toEqual(keptOf(all, { rules }));
      }),
    );
  });

  test('a rule of days keeps one of each of the last days that have one, and no other', () => {
    fc.assert(
      fc.property(backups, fc.integer({ min: 1, max: 40 }), (all, keepDaily) => {
        const zone = 'Europe/Berlin';
        const dayOf = ({ pausedAt }: Candidate) => DateTime.fromISO(pausedAt, { zone }).toISODate();
        const days = [...new Set(all.map(dayOf))].sort().slice(-keepDaily);
        const kept = decided(all, { rules: { keepDaily, zone } }).filter(({ keep }) => keep);
        expect(kept.map(({ backup }) => dayOf(backup))).toEqual(days);
      }),
    );
  });
});

describe('retention', () => {
  const nights = Array.from({ length: 30 }, (_, i) => candidate(new Date(now.getTime() - i * day)));
  const rules = { keepLast: 2, zone: 'UTC' };

  test('a pin that has ended keeps nothing', () => {
    const pins = new Map([
      [nights[9]!.id, pinOf(nights[9]!.id, new Date(now.getTime() - 1))],
      [nights[8]!.id, pinOf(nights[8]!.id, new Date(now.getTime() + 1))],
    ]);
    const kept = decide({ backups: nights, pins, verdicts: new Map(), rules, now }).filter(
      ({ keep }) => keep,
    );
    expect(kept.map(({ backup }) => backup)).toEqual([nights[8], nights[1], nights[0]]);
    expect(kept[0]!.reasons).toEqual([expect.stringMatching(/^pinned until .* by ann@ops$/)]);
  });

  test('beside a newest that a drill has found bad, the newest that none has stays', () => {
    const bad = nights.slice(0, 5);
    const decisions = decided(nights, { rules: { keepLast: 1, zone: 'UTC' }, bad });
    const kept = decisions.filter(({ keep }) => keep);
    expect(kept.map(({ backup }) => backup)).toEqual([nights[5], nights[0]]);
    expect(kept[0]!.reasons).toEqual(['the newest that no drill has found bad']);
  });

  test('a backup of the future stays, and does not stand in for the newest', () => {
    const ahead = [1, 2, 3].map((days) => candidate(new Date(now.getTime() + days * 365 * day)));
    const kept = keptOf([...nights, ...ahead], { rules });
    expect(kept).toEqual(idsOf([nights[0]!, nights[1]!, ...ahead]));
  });

  test('thousands are decided at once', () => {
    const all = Array.from({ length: 5000 }, (_, i) =>
      candidate(new Date(now.getTime() - i * 3600_000)),
    );
    const many = { keepHourly: 24, keepDaily: 7, keepMonthly: 12, zone: 'Europe/Berlin' };
    // The newest of two of the days, and of one of the 8 months, are among the hours.
    expect(keptOf(all, { rules: many })).toHaveLength(24 + 5 + 7);
  });
});
