import { StillpointError } from '../errors.js';
import { failureOf, start } from '../util/command.js';
import { redact } from '../util/redact.js';

/**
 * Runs a program of the user with `input` on its standard input. What it prints is passed over, so that
 * our own output stays ours. When `signal` fires, it and all it has started are killed. Throws `failed`
 * when it cannot be run or ends badly.
 */
export async function runHook(
  [file = '', ...args]: readonly string[],
  input: string,
  signal: AbortSignal,
): Promise<void> {
  // The environment is its own business: it is as trusted as our configuration, and mail programs and
  // clients of clouds look there.
  const child = start({ file, args, env: process.env });
  const end = () => child.kill();
  signal.addEventListener('abort', end, { once: true });
  try {
    child.stdout.resume();
    child.stdin.end(input);
    const failure = failureOf('it', await child.ended);
    signal.throwIfAborted();
    if (failure !== null) throw new StillpointError('failed', redact(failure));
  } finally {
    signal.removeEventListener('abort', end);
  }
}
