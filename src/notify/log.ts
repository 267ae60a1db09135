import type { Clock } from '../util/clock.js';
import type { RunEvent } from '../util/observe.js';
import { redact } from '../util/redact.js';
import { bytesText, secondsText } from '../util/text.js';

/** The last lines of what a run did. */
export interface RunLog {
  event(event: RunEvent): void;
  line(text: string): void;
  /** Oldest first, with the time in UTC, redacted. */
  lines(): string[];
}

const mostLines = 100;

export function keepLog(clock: Clock): RunLog {
  const kept: string[] = [];
  const line = (text: string) => {
    const at = clock.now().toISOString().slice(11, 19);
    for (const one of text.split('\n')) kept.push(`${at} ${one}`);
    kept.splice(0, kept.length - mostLines);
  };
  return {
    line,
    event: (event) => {
      const text = lineOf(event);
      if (text !== null) line(text);
    },
    lines: () => kept.map(redact),
  };
}

/** Null for what only a live line is made of. */
function lineOf(event: RunEvent): string | null {
  switch (event.type) {
    case 'step':
      return `step ${event.step}`;
    case 'paused':
      return 'replication is paused';
    case 'resumed':
      return `replication goes on after ${secondsText(event.pauseSeconds)}`;
    case 'plan':
      return `${event.parts} parts, about ${bytesText(event.estimatedBytes)}`;
    case 'part':
      return `done ${event.key}`;
    case 'picked':
      return `replica ${event.replica}: ${event.reason}`;
    case 'warning':
      return `warning: ${event.text}`;
    default:
      return null;
  }
}

/** The end of the text of `lines`, in at most so many bytes of UTF-8, without half a line at its begin. */
export function tailOf(lines: readonly string[], mostBytes: number): string {
  const kept: string[] = [];
  let bytes = 0;
  for (const line of lines.toReversed()) {
    bytes += Buffer.byteLength(line) + 1;
    if (bytes > mostBytes) break;
    kept.unshift(line);
  }
  return kept.map((line) => `${line}\n`).join('');
}
