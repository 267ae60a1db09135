import { DateTime } from 'luxon';
import type { ScheduleRun } from '../../schedule/records.js';
import type { Schedule } from '../../schedule/schedule.js';
import { changeText, type ClockChange } from '../../schedule/times.js';
import { stdoutColours } from './colours.js';
import { ageText, fieldsText, secondsText } from './text.js';

/** A schedule as it is listed. */
export interface ListedSchedule {
  schedule: Schedule;
  next: Date[];
  changes: ClockChange[];
  last: ScheduleRun | null;
}

/** For --json. */
export function scheduleDocument({ schedule, next, changes, last }: ListedSchedule) {
  const { name, description = null, cron = null, zone, action, pair, options } = schedule;
  const { enabled, file, shipped } = schedule;
  return {
    ...{ name, description, action, pair, options, cron, zone, enabled, file, shipped },
    next: next.map((at) => inZone(at, zone).toISO()),
    clockChanges: changes.map((change) => ({
      at: change.at.toISOString(),
      kind: change.kind,
      text: changeText(change),
    })),
    lastRun: last,
  };
}

/** For people. */
export function scheduleText({ schedule, next, changes, last }: ListedSchedule, now: Date): string {
  const { name, description, cron, zone, action, pair, enabled, file, shipped } = schedule;
  const head = stdoutColours.bold(name) + (description === undefined ? '' : `: ${description}`);
  const times = next.map((at) =>
    inZone(at, zone).toFormat('ccc yyyy-MM-dd HH:mm ZZ', { locale: 'en' }),
  );
  const fields: [string, string][] = [
    ['does', `${action}, ${pair === 'all' ? 'all pairs' : pair}`],
    ['when', when()],
    ...times.map((text, i): [string, string] => [i === 0 ? 'next' : '', text]),
    ...changes.map((change, i): [string, string] => [i === 0 ? 'clocks' : '', changeText(change)]),
    ['last', last === null ? 'never' : lastText(last, now)],
    ['file', shipped ? 'comes with stillpoint' : file],
  ];
  return `${head}\n${fieldsText(fields)}`;

  function when(): string {
    if (!enabled) return 'never: enabled is false';
    if (cron === undefined) return `by hand: stillpoint schedule run ${name}`;
    return `${cron}, ${zone}`;
  }
}

function lastText({ startedAt, endedAt, exit, error, killed }: ScheduleRun, now: Date): string {
  const begun = ageText(startedAt, now);
  if (killed) return `${begun}, was killed`;
  if (endedAt === null) return `started ${begun}, has not ended`;
  const took = secondsText((Date.parse(endedAt) - Date.parse(startedAt)) / 1000);
  if (exit === 0) return `${begun}, ended well after ${took}`;
  return `${begun}, ended with ${exit ?? '?'} after ${took}${error === null ? '' : `: ${error}`}`;
}

function inZone(at: Date, zone: string): DateTime {
  return DateTime.fromJSDate(at, { zone });
}
