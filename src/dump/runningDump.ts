import { failureOf, startLent, type Command, type Ended, type LentChild } from '../util/command.js';
import type { Lent } from '../util/lent.js';
import { DumpText, type Expected } from './dumpText.js';
import { broken, type CountedText } from './pipeline.js';

/** Text that a program makes, and what it must hold to count as whole. */
export interface DumpSource {
  command: Command;
  expected: readonly Expected[];
}

/** mysqldump at work. */
export interface RunningDump {
  /**
   * What it writes. It ends only once mysqldump has exited with 0, its trailer and every expected object
   * were seen and its stderr was clean; else it fails.
   */
  readonly text: CountedText;
  /** What mysqldump warned of; complete when the text has ended. */
  readonly warnings: string[];
  /** Settles when the program has exited, however. */
  readonly ended: Promise<unknown>;
  hasEnded(): boolean;
  /** Whether it has come so far in its text that its snapshot must be open. */
  hasBegun(): boolean;
  kill(): void;
}

/** Starts mysqldump. A dump that died looks like one that ended (its stdout just closes), so it is judged. */
export function startDump(title: string, { command, expected }: DumpSource): RunningDump {
  const started = startLent(command);
  const ended = started.then(async (child) => await child.ended);
  const warnings: string[] = [];
  const text: DumpText = new DumpText(outputOf(started), async () => {
    const { name } = await started;
    warnings.push(...judge(title, name, await ended, text, expected));
  });
  started.then(({ stdin }) => stdin.end()).catch(() => undefined);
  text.begin();
  let isOver = false;
  const over = () => (isOver = true);
  ended.then(over, over);
  return {
    text,
    warnings,
    ended,
    hasEnded: () => isOver,
    hasBegun: () => text.begun,
    kill: () => void started.then((child) => child.kill()).catch(() => undefined),
  };
}

async function* outputOf(started: Promise<LentChild>): AsyncGenerator<Buffer> {
  yield* (await started).output;
}

/** Throws unless a dump ended well in every respect; returns what it warned of. */
function judge(
  title: string,
  name: string,
  ended: Ended,
  text: DumpText,
  expected: readonly Expected[],
): string[] {
  const failure = failureOf(name, ended);
  if (failure !== null) throw broken(title, failure);
  const notes = ended.stderr.split('\n').filter((line) => line !== '');
  const error = notes.find((line) => !isWarning(line));
  if (error !== undefined) throw broken(title, `${name} ended with 0 but said: ${error}`);
  if (!text.complete) throw broken(title, `${name} ended with 0 but without its last line`);
  requireAll(title, `${name} ended with 0 but`, text, expected);
  return notes;
}

/** The text of one of several parts of a dump; it fails unless it holds every expected object itself. */
export function checked(title: string, text: Lent, expected: readonly Expected[]): CountedText {
  const seen: DumpText = new DumpText(text, async () => {
    requireAll(title, 'mysqldump', seen, expected);
    return Promise.resolve();
  });
  return seen;
}

function requireAll(
  title: string,
  who: string,
  text: DumpText,
  expected: readonly Expected[],
): void {
  const [lost] = text.missing(expected);
  if (lost) throw broken(title, `${who} left out the ${lost.kind} ${lost.name}`);
}

/** Lines that mysqldump and mariadb-dump print on stderr without meaning a failure. */
function isWarning(line: string): boolean {
  return /\[Warning\]|^(mysqldump|mariadb-dump): Warning|^Warning:|^WARNING:|^-- Warning/i.test(
    line,
  );
}
