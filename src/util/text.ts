import { DateTime } from 'luxon';

const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `643.1 MB`: powers of 1000, as disks and networks are sold. */
export function bytesText(bytes: number): string {
  const power = Math.min(
    units.length - 1,
    Math.floor(Math.log10(Math.max(1, bytes * 1.00005)) / 3),
  );
  const value = bytes / 1000 ** power;
  return `${power === 0 ? String(Math.round(value)) : value.toFixed(1)} ${units[power] ?? 'B'}`;
}

/** `205.4 MB/s`; empty before there is a second to divide by. */
export function rateText(bytes: number, seconds: number): string {
  return seconds > 0.2 ? `${bytesText(bytes / seconds)}/s` : '';
}

/** `0.84 s`, `12.3 s`, `4 min 10 s`, `2 h 5 min`. */
export function secondsText(seconds: number): string {
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** `0:12`, `4:10`, `2:05:00`: for a live line, whose width should not jump. */
export function clockText(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value % 60).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes)}:${two(whole)}`;
}

/** A length that somebody chose, exactly: `14 d`, `36 h`, `90 min`, `0.5 s`. */
export function durationText(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
  ] as const;
  const fits = units.find(([, size]) => seconds >= size && seconds % size === 0);
  return fits ? `${seconds / fits[1]} ${fits[0]}` : `${seconds} s`;
}

/** `12,345`. */
export function countText(count: number): string {
  return count.toLocaleString('en');
}

/**
 * A stored UTC time in the user's zone: `2026-11-22 03:30:00 +01:00`. Put together by hand, since luxon's
 * parser and format take most of the time of a table with thousands of rows.
 */
export function timeText(iso: string): string {
  const millis = Date.parse(iso);
  if (Number.isNaN(millis)) return 'Invalid DateTime';
  const time = DateTime.fromMillis(millis);
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.abs(time.offset);
  const zone = `${time.offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  const day = `${time.year}-${two(time.month)}-${two(time.day)}`;
  return `${day} ${two(time.hour)}:${two(time.minute)}:${two(time.second)} ${zone}`;
}

/** `3 h ago`, `2 days ago`. */
export function ageText(iso: string, now: Date): string {
  return DateTime.fromISO(iso).toRelative({ base: DateTime.fromJSDate(now), locale: 'en' }) ?? '';
}

/** A name from a server with its control characters escaped, so that it cannot play with a terminal. */
export function nameText(name: string): string {
  return name.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code === 10 ? '\\n' : `\\u{${code.toString(16)}}`;
  });
}
