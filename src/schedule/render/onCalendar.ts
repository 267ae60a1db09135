import { cronFields, type CronFields } from '../cron.js';
import type { Timing } from '../times.js';

const weekdayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/**
 * A cron expression as the values of OnCalendar= (systemd.time(7)). Two of them where the day of the
 * month and that of the week are both given: cron takes either, one value would take both.
 */
export function onCalendar({ cron, zone }: Timing): string[] {
  const fields = cronFields(cron);
  const { day, weekday, eitherDay } = fields;
  const all = { day: everyDay, weekday: everyWeekday };
  if (!eitherDay) return [calendar(fields, day, weekday, zone)];
  return [calendar(fields, day, all.weekday, zone), calendar(fields, all.day, weekday, zone)];
}

const everyDay = Array.from({ length: 31 }, (_, i) => i + 1);
const everyWeekday = [0, 1, 2, 3, 4, 5, 6];

function calendar(
  { minute, hour, month }: CronFields,
  day: readonly number[],
  weekday: readonly number[],
  zone: string,
): string {
  const days = weekday.length === 7 ? '' : `${weekdayText(weekday)} `;
  const date = `*-${listOf(month, 12)}-${listOf(day, 31)}`;
  return `${days}${date} ${listOf(hour, 24)}:${listOf(minute, 60)}:00 ${zone}`;
}

function listOf(values: readonly number[], size: number): string {
  if (values.length === size) return '*';
  return values.map((value) => String(value).padStart(2, '0')).join(',');
}

function weekdayText(values: readonly number[]): string {
  // Monday first, as systemd's own words have it.
  const order = values.toSorted((a, b) => ((a + 6) % 7) - ((b + 6) % 7));
  return order.map((value) => weekdayNames[value] ?? '').join(',');
}
