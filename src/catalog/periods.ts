import type { DateTime } from 'luxon';

/** A kind of calendar period that rules count in. */
export interface PeriodKind {
  rule: 'keepHourly' | 'keepDaily' | 'keepWeekly' | 'keepMonthly' | 'keepYearly';
  /** `daily`, for people. */
  adverb: string;
  /** The period that a time lies in: `2026-11-20`, `2026-W47`. Two times of one period answer the same. */
  nameOf(time: DateTime): string;
}

const two = (value: number): string => String(value).padStart(2, '0');
const dayOf = (time: DateTime): string => `${monthOf(time)}-${two(time.day)}`;
const monthOf = (time: DateTime): string => `${time.year}-${two(time.month)}`;

/** From the shortest to the longest. Written by hand, since luxon's formats take ten times as long. */
export const periodKinds: readonly PeriodKind[] = [
  {
    rule: 'keepHourly',
    adverb: 'hourly',
    // The hour that a change of the clock repeats is two: their offsets differ.
    nameOf: (time) => `${dayOf(time)} ${two(time.hour)}:00${offsetOf(time)}`,
  },
  { rule: 'keepDaily', adverb: 'daily', nameOf: dayOf },
  {
    rule: 'keepWeekly',
    adverb: 'weekly',
    nameOf: (time) => `${time.weekYear}-W${two(time.weekNumber)}`,
  },
  { rule: 'keepMonthly', adverb: 'monthly', nameOf: monthOf },
  { rule: 'keepYearly', adverb: 'yearly', nameOf: (time) => String(time.year) },
];

/** ` +02:00`; empty in UTC. */
function offsetOf({ offset }: DateTime): string {
  if (offset === 0) return '';
  const minutes = Math.abs(offset);
  return ` ${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
