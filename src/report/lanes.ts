/** Something that took time, in seconds. */
export interface Span {
  from: number;
  seconds: number;
}

/** Times are written down in milliseconds: what ends and what begins then may seem to meet. */
export const rounding = 0.002;

/**
 * Lays spans into as few lanes as there were at once, so that no two of a lane overlap (by more than
 * `rounding`). Lanes fill from the first; within one, spans are in the order of their begin.
 */
export function packLanes<T extends Span>(spans: readonly T[]): T[][] {
  const lanes: { end: number; spans: T[] }[] = [];
  for (const span of [...spans].sort((a, b) => a.from - b.from || b.seconds - a.seconds)) {
    const end = span.from + span.seconds;
    const free = lanes.find((lane) => lane.end <= span.from + rounding);
    if (free) {
      free.spans.push(span);
      free.end = Math.max(free.end, end);
    } else {
      lanes.push({ end, spans: [span] });
    }
  }
  return lanes.map((lane) => lane.spans);
}
