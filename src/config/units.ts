const secondsIn: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

const bytesIn: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/**
 * Seconds of `60s`, `1h30m`, `14d`, `500ms`, or of a plain number, which is seconds.
 * Null for anything else: no sign, no spaces between, each unit at most once, larger units first.
 */
export function parseDuration(text: string | number): number | null {
  if (typeof text === 'number') return Number.isFinite(text) && text >= 0 ? text : null;
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed);
  if (!/^(\d+(\.\d+)?(ms|[smhdw]))+$/.test(trimmed)) return null;
  let seconds = 0;
  let last = Infinity;
  for (const [, amount, unit] of trimmed.matchAll(/([\d.]+)(ms|[smhdw])/g)) {
    const factor = secondsIn[unit ?? ''] ?? NaN;
    if (!(factor < last)) return null;
    last = factor;
    seconds += Number(amount) * factor;
  }
  return seconds;
}

/**
 * Bytes of `16MiB`, `10 GB`, `512B`, or of a plain number, rounded to a whole byte. Case does not
 * matter. Null for anything else, also for `16M`, which means two things.
 */
export function parseSize(text: string | number): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(String(text).trim());
  if (match === null) return null;
  const [, amount, unit] = match;
  const factor = unit === '' ? 1 : bytesIn[(unit ?? '').toLowerCase()];
  if (factor === undefined) return null;
  const bytes = Math.round(Number(amount) * factor);
  return Number.isSafeInteger(bytes) ? bytes : null;
}
