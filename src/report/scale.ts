import { secondsText } from '../util/text.js';

/** A unit that an axis counts in: `{ name: 'min', size: 60 }`. */
export interface Unit {
  name: string;
  /** Seconds or bytes in one. */
  size: number;
}

const times: readonly Unit[] = [
  { name: 'h', size: 3600 },
  { name: 'min', size: 60 },
  { name: 's', size: 1 },
];

const sizes: readonly Unit[] = [
  { name: 'TB', size: 1e12 },
  { name: 'GB', size: 1e9 },
  { name: 'MB', size: 1e6 },
  { name: 'kB', size: 1e3 },
  { name: 'B', size: 1 },
];

/** The unit for an axis of seconds that goes up to `largest`. */
export const timeUnit = (largest: number): Unit => fitting(times, largest, 3);

/** The unit for an axis of bytes that goes up to `largest`. */
export const sizeUnit = (largest: number): Unit => fitting(sizes, largest, 1.5);

/** The largest unit of which there are at least `atLeast`; else the smallest. */
function fitting(units: readonly Unit[], largest: number, atLeast: number): Unit {
  const smallest = units.at(-1) ?? { name: '', size: 1 };
  return units.find(({ size }) => largest >= atLeast * size) ?? smallest;
}

const secondSteps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30];
const minuteSteps = [1, 2, 5, 10, 20, 30].map((minutes) => minutes * 60);
const hourSteps = [1, 2, 3, 6, 12, 24, 48].map((hours) => hours * 3600);

/** A mark on a time axis. */
export interface Tick {
  seconds: number;
  text: string;
}

/** At most five marks from 0 to `seconds`, at round times: `0`, `30 s`, `60 s`. */
export function timeTicks(seconds: number): Tick[] {
  const steps = [0.001, 0.01, ...secondSteps, ...minuteSteps, ...hourSteps];
  const step = steps.find((size) => seconds / size < 5) ?? seconds / 4;
  const count = Math.floor(seconds / step + 1e-9) + 1;
  return Array.from({ length: count }, (_, i) => {
    // Not i * step alone: three times 0.1 is 0.30000000000000004.
    const at = Number((i * step).toFixed(6));
    return { seconds: at, text: i === 0 ? '0' : tickText(at, step) };
  });
}

function tickText(seconds: number, step: number): string {
  if (step < 60) return `${seconds} s`;
  if (step < 3600) return `${seconds / 60} min`;
  return step % 3600 === 0 ? `${seconds / 3600} h` : secondsText(seconds);
}

/** Per cent of a whole, for a style: `12.345%`. */
export function percent(part: number, whole: number): string {
  const share = whole > 0 ? (part / whole) * 100 : 0;
  return `${Number(Math.min(100, Math.max(0, share)).toFixed(4))}%`;
}
