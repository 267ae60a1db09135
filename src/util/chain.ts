import type { Writable } from 'node:stream';
import { failureOf, start, startLent, type Child, type Command } from './command.js';
import type { Lent } from './lent.js';

/** Programs of which each writes into the next. */
export interface Chain {
  stdin: Writable;
  output: Lent;
  /** How they ended badly that did, in their order, once all have ended. */
  failures(): Promise<string[]>;
  /** Settles when all have ended. */
  kill: () => Promise<void>;
}

/** Starts programs of which each writes into the next; null when there are none. */
export async function startChain(commands: readonly Command[]): Promise<Chain | null> {
  const lastOfAll = commands.at(-1);
  if (!lastOfAll) return null;
  const last = await startLent(lastOfAll);
  const children: Pick<Child, 'name' | 'stdin' | 'ended' | 'kill'>[] = [last];
  let first: Pick<Child, 'stdin'> = last;
  try {
    for (const command of commands.slice(0, -1).reverse()) {
      const next = first;
      const child = start(command, next);
      const end = () => next.stdin.end();
      child.ended.then(end, end);
      children.unshift(child);
      first = child;
    }
  } catch (error) {
    children.forEach((child) => child.kill());
    throw error;
  }
  return {
    stdin: first.stdin,
    output: last.output,
    async failures() {
      const ends = await Promise.all(
        children.map(async ({ name, ended }) => failureOf(name, await ended)),
      );
      return ends.filter((failure) => failure !== null);
    },
    async kill() {
      children.forEach((child) => child.kill());
      await Promise.allSettled(children.map(({ ended }) => ended));
    },
  };
}

/** Writes a text into a program; what has failed is not ended well. */
export async function feed(text: Lent, into: Writable): Promise<void> {
  try {
    for await (const chunk of text) {
      await new Promise<void>((resolve, reject) => {
        into.write(chunk, (error) => (error ? reject(error) : resolve()));
      });
    }
    into.end();
  } catch (error) {
    into.destroy();
    throw error;
  }
}
