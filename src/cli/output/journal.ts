import { fstatSync } from 'node:fs';

/** How much a line on stderr matters. */
export type Level = 'info' | 'warning' | 'error';

/** What journald takes off the begin of a line and keeps as its priority; sd-daemon(3). */
const prefixes: Record<Level, string> = { error: '<3>', warning: '<4>', info: '' };

/**
 * The text with the priority of each line in front, where stderr goes to the journal of systemd; else as it
 * is. So `journalctl -p err` finds what went wrong. A prefix needs no other program and cannot fail, which
 * is why it is not `logger --journald`.
 */
export function levelled(text: string, level: Level, env = process.env, descriptor = 2): string {
  if (level === 'info' || !goesToJournal(env, descriptor)) return text;
  return text
    .split('\n')
    .map((line) => prefixes[level] + line)
    .join('\n');
}

/**
 * Whether this is the very stream that systemd has opened: programs that we are started by hand the
 * variable on also where they send our output elsewhere. systemd.exec(5).
 */
function goesToJournal({ JOURNAL_STREAM: stream }: NodeJS.ProcessEnv, descriptor: number): boolean {
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(descriptor, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}
