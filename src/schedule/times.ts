import { Cron } from 'croner';
import { DateTime } from 'luxon';
import { cronFields, type CronFields } from './cron.js';

/** When something runs: a cron expression of five fields, in an IANA time zone. */
export interface Timing {
  cron: string;
  zone: string;
}

function cronOf({ cron, zone }: Timing): Cron {
  // A list of hours names times of the day too: a clock change moves them and does not drop them.
  return new Cron(cron, {
    timezone: zone,
    mode: '5-part',
    fixedTimeRule: 'no-wildcard',
    paused: true,
  });
}

/** The next `count` runs after `from`; fewer when there are no more. */
export function nextRuns(timing: Timing, from: Date, count: number): Date[] {
  return cronOf(timing).nextRuns(count, from);
}

/** The latest run that is not after `at`; null when there never was one. */
export function latestRun(timing: Timing, at: Date): Date | null {
  const after = new Date(Math.floor(at.getTime() / 1000) * 1000 + 1000);
  return cronOf(timing).previousRuns(1, after)[0] ?? null;
}

/** What is wrong with a cron expression, null when nothing is. */
export function refuseCron(expression: string): string | null {
  try {
    cronFields(expression);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const [first] = nextRuns({ cron: expression, zone: 'UTC' }, new Date(0), 1);
  return first === undefined ? `${JSON.stringify(expression)} names a day that never comes` : null;
}

/** A change of the clocks, and what it does to runs that fall into it. */
export interface ClockChange {
  at: Date;
  /** `gap`: an hour is left out; `overlap`: it comes twice. */
  kind: 'gap' | 'overlap';
  /** The times of the day (`02:30`) that the schedule names within it, all on the day `date`. */
  times: string[];
  date: string;
  /** The first time of the day after the change, `03:00`. */
  until: string;
  /** See CronFields. */
  fixed: boolean;
}

/** The changes within `days` after `from` that meet the schedule's own times; usually none. */
export function clockChanges(timing: Timing, from: Date, days = 370): ClockChange[] {
  const fields = cronFields(timing.cron);
  const found: ClockChange[] = [];
  for (const at of transitions(timing.zone, from, days)) {
    const after = DateTime.fromJSDate(at, { zone: timing.zone });
    const before = after.minus({ milliseconds: 1 });
    const minutes = after.offset - before.offset;
    const wallBefore = before
      .plus({ milliseconds: 1 })
      .setZone('UTC')
      .plus({ minutes: before.offset });
    const wallAfter = after.setZone('UTC').plus({ minutes: after.offset });
    const [first, end] = minutes > 0 ? [wallBefore, wallAfter] : [wallAfter, wallBefore];
    const times: string[] = [];
    for (let wall = first; wall < end; wall = wall.plus({ minutes: 1 }))
      if (matches(fields, wall)) times.push(wall.toFormat('HH:mm'));
    if (times.length === 0) continue;
    found.push({
      at,
      kind: minutes > 0 ? 'gap' : 'overlap',
      times,
      date: first.toISODate() ?? '',
      until: end.toFormat('HH:mm'),
      fixed: fields.fixed,
    });
  }
  return found;
}

/** What `schedule run` by our own daemon and `schedule list` make of a change, as a sentence. */
export function changeText({ kind, times, date, until, fixed }: ClockChange): string {
  const one = times.length === 1;
  const named = times.length > 3 ? `${times[0] ?? ''} to ${times.at(-1) ?? ''}` : times.join(', ');
  if (kind === 'gap')
    return fixed
      ? `${date}: ${named} ${one ? 'does' : 'do'} not exist, it runs at ${until}`
      : `${date}: ${named} ${one ? 'does' : 'do'} not exist, ${one ? 'this run is' : 'these runs are'} left out`;
  return fixed
    ? `${date}: ${named} ${one ? 'comes' : 'come'} twice, it runs the first time`
    : `${date}: ${named} ${one ? 'comes' : 'come'} twice, it runs both times`;
}

/** Whether a time of the day on a date is one of the expression's. */
function matches(fields: CronFields, wall: DateTime): boolean {
  const onDay = fields.day.includes(wall.day);
  const onWeekday = fields.weekday.includes(wall.weekday % 7);
  return (
    fields.minute.includes(wall.minute) &&
    fields.hour.includes(wall.hour) &&
    fields.month.includes(wall.month) &&
    (fields.eitherDay ? onDay || onWeekday : onDay && onWeekday)
  );
}

/** When the zone's clocks change, to the second. */
function* transitions(zone: string, from: Date, days: number): Generator<Date> {
  const offset = (at: number) => DateTime.fromMillis(at, { zone }).offset;
  const day = 86_400_000;
  for (let at = from.getTime(); at < from.getTime() + days * day; at += day) {
    let [low, high] = [at, at + day];
    if (offset(low) === offset(high)) continue;
    while (high - low > 1000) {
      const middle = Math.floor((low + high) / 2000) * 1000;
      if (middle <= low) break;
      if (offset(middle) === offset(low)) low = middle;
      else high = middle;
    }
    yield new Date(high);
  }
}
