import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** A running chain of programs, like `a | b`. */
export interface Chain {
  /** What the last one writes. */
  stdout: Readable;
  /** Of the first. */
  pid: number | undefined;
  /** Settles when all have ended; throws when one did not end well, with the last line that it wrote. */
  ended: Promise<void>;
}

/** Starts the programs, each reading what the one before it writes, without a shell or a byte through us. */
export function chain(...commands: readonly (readonly string[])[]): Chain {
  const ends: Promise<void>[] = [];
  let input: Readable | null = null;
  let pid: number | undefined;
  for (const [file, ...args] of commands) {
    const child: ChildProcess = spawn(file!, args, { stdio: [input ?? 'ignore', 'pipe', 'pipe'] });
    // The next one has a copy: ours would keep the first from seeing that its reader is gone.
    input?.destroy();
    pid ??= child.pid;
    let said = '';
    child.stderr!.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
    ends.push(
      once(child, 'close').then(([status, signal]) => {
        if (status !== 0)
          throw new Error(`${file}: ${String(signal ?? status)}: ${lastLine(said)}`);
      }),
    );
    input = child.stdout!;
  }
  const ended = Promise.all(ends).then(() => undefined);
  // Looked at once what it writes has been read.
  ended.catch(() => undefined);
  return { stdout: input!, pid, ended };
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
