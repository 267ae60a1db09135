import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Ran, Setup } from './cli.js';

/** A command that was killed wherever it could be, and came to its end. */
interface KilledEverywhere {
  /** The run that was not killed any more. */
  ended: Ran;
  /** The steps at which one was, in the order in which they came. */
  steps: string[];
}

/** More than any command has. */
const most = 200;

/** For a test with so many runs on a machine that does much else. */
export const manyRuns = { timeout: 600_000 };

interface KilledOptions {
  /** Default: at each step, before each statement, and where a part is loaded. */
  at?: 'steps';
  /** Called after each kill. */
  between?: () => Promise<void>;
  /** A run that says this is tried again, like one that was killed. */
  away?: RegExp;
}

/**
 * Runs a command again and again, each time until it comes to a place where none was killed yet, and kills it there,
 * until one comes to its end: so whatever comes into a command later is killed, too.
 */
export async function killedEverywhere(
  setup: Setup,
  command: readonly string[],
  { at, between = async () => Promise.resolve(), away }: KilledOptions = {},
): Promise<KilledEverywhere> {
  const file = join(setup.folder, `places-${performance.now()}`);
  for (let runs = 0; runs < most; runs += 1) {
    const place = `${at === 'steps' ? 'step ' : ''}not in ${file}`;
    const ended = await setup.runUntil(place, 'SIGKILL', ...command);
    if (away?.test(ended.stderr)) continue;
    const places = (await readFile(file, 'utf8')).trim().split('\n');
    if (ended.status !== 137) {
      expect(ended.status, `after ${places.at(-1) ?? ''}: ${ended.stderr}`).toBe(0);
      const steps = places.flatMap((place) => /^step (.*)/.exec(place)?.[1] ?? []);
      return { ended, steps };
    }
    await between();
  }
  throw new Error(`${command.join(' ')} was killed ${most} times, and has not come to its end`);
}
