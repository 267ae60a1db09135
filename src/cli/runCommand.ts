import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { StillpointError } from '../errors.js';

/**
 * Runs a command of the user's in the foreground: our terminal, our environment and `env` are its own.
 * Answers with its exit status, 128 and the signal's number when a signal ended it. While it runs, what
 * asks us to end is passed on to it, as often as it comes, and it decides what to make of that.
 */
export async function runCommand(
  [file = '', ...args]: readonly string[],
  { env, toStderr }: { env: Record<string, string>; toStderr: boolean },
): Promise<number> {
  const child = spawn(file, args, {
    // With --json our stdout is one document.
    stdio: ['inherit', toStderr ? 2 : 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  const pass = (name: NodeJS.Signals) => {
    // A terminal sends Ctrl-C to all of its foreground processes by itself.
    if (name === 'SIGINT' && process.stdin.isTTY) return;
    child.kill(name);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, pass);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (cause) => {
        reject(new StillpointError('failed', `cannot run ${file}: ${cause.message}`, { cause }));
      });
      child.once('exit', (status, signal) => {
        resolve(status ?? 128 + (signal ? constants.signals[signal] : 0));
      });
    });
  } finally {
    for (const name of signals) process.off(name, pass);
  }
}
