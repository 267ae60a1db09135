/** A cron expression, each field as the list of what it matches. Weekdays are 0 (Sunday) to 6. */
export interface CronFields {
  minute: number[];
  hour: number[];
  day: number[];
  month: number[];
  weekday: number[];
  /** Whether the day of the month and that of the week are both given: then either will do. */
  eitherDay: boolean;
  /**
   * Whether it names times of the day: neither minute nor hour has a `*`. Only such a run is moved when
   * the clocks change; others are counted through (as Vixie's cron has it).
   */
  fixed: boolean;
}

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const weekdays = 'sun mon tue wed thu fri sat'.split(' ');

interface Field {
  name: keyof Omit<CronFields, 'fixed' | 'eitherDay'>;
  shown: string;
  min: number;
  max: number;
  names: readonly string[];
}

const fields: readonly Field[] = [
  { name: 'minute', shown: 'minute', min: 0, max: 59, names: [] },
  { name: 'hour', shown: 'hour', min: 0, max: 23, names: [] },
  { name: 'day', shown: 'day of the month', min: 1, max: 31, names: [] },
  { name: 'month', shown: 'month', min: 1, max: 12, names: months },
  { name: 'weekday', shown: 'day of the week', min: 0, max: 7, names: weekdays },
];

/**
 * Reads the five fields that every cron knows: numbers, names, lists, ranges, steps. Throws an Error
 * whose message says what is wrong. Nicknames (`@daily`), `L`, `W`, `#` and `?` are refused, because the
 * crons we render for differ on them.
 */
export function cronFields(expression: string): CronFields {
  const parts = expression.trim().split(/\s+/);
  if (parts.length !== 5)
    throw new Error(
      'expected five fields: minute, hour, day, month and weekday, like "30 2 * * *"',
    );
  const read = fields.map((field, i) => valuesOf(parts[i] ?? '', field));
  const [minute = [], hour = [], day = [], month = [], weekday = []] = read;
  const [minutePart = '', hourPart = '', dayPart = '', , weekdayPart = ''] = parts;
  // Vixie's cron takes any day that starts with * for no rule, others only a bare *.
  const eitherDay = dayPart !== '*' && weekdayPart !== '*';
  if (eitherDay && [dayPart, weekdayPart].some((part) => part.startsWith('*')))
    throw new Error(
      'a step of * for one kind of day beside a rule for the other is read differently by every cron; write the days as a list',
    );
  const days = weekday.map((one) => one % 7);
  return {
    minute,
    hour,
    day,
    month,
    weekday: [...new Set(days)].sort((a, b) => a - b),
    eitherDay,
    fixed: !(minutePart + hourPart).includes('*'),
  };
}

function valuesOf(part: string, field: Field): number[] {
  const found = new Set<number>();
  for (const item of part.split(',')) {
    const [, range = '', step = '1'] = /^([^/]+)(?:\/(\d+))?$/.exec(item) ?? [];
    const [from, to] = boundsOf(range, field);
    const wide = range === '*' || range.includes('-');
    if (from > to || Number(step) < 1 || (item.includes('/') && !wide))
      throw unreadable(item, field);
    for (let value = from; value <= to; value += Number(step)) found.add(value);
  }
  return [...found].sort((a, b) => a - b);
}

function boundsOf(range: string, field: Field): [number, number] {
  // 7 is Sunday again: * must not hold it twice.
  if (range === '*') return [field.min, field.max === 7 ? 6 : field.max];
  const ends = range.split('-').map((end) => numberOf(end, field));
  const [from, to = from] = ends;
  if (from === undefined || to === undefined || ends.length > 2) throw unreadable(range, field);
  return [from, to];
}

function numberOf(text: string, field: Field): number {
  const named = field.names.indexOf(text.toLowerCase());
  const value = named >= 0 ? named + field.min : Number(/^\d+$/.test(text) ? text : NaN);
  if (!(value >= field.min && value <= field.max)) throw unreadable(text, field);
  return value;
}

function unreadable(text: string, { shown, min, max, names }: Field): Error {
  const named = names[0] === undefined ? '' : `, or ${names[0]} to ${names.at(-1) ?? ''}`;
  return new Error(
    `${shown}: cannot read ${JSON.stringify(text)}; expected ${min} to ${max}${named}, with lists, ranges and steps like 1,5 or 1-5 or */2`,
  );
}

/** The expression with numbers only and Sunday as 0, which is what every cron reads. */
export function plainCron(expression: string): string {
  const { weekday } = cronFields(expression);
  const parts = expression.trim().split(/\s+/);
  const month = (parts[3] ?? '*').replace(/[a-z]+/gi, (word) =>
    String(months.indexOf(word.toLowerCase()) + 1),
  );
  return [...parts.slice(0, 3), month, parts[4] === '*' ? '*' : weekday.join(',')].join(' ');
}
