import { reasonOf, StillpointError } from './errors.js';
import { runHook } from './notify/hook.js';

export interface UserHook {
  /** The key of the configuration that names it, e.g. `drain.before`. */
  key: string;
  pair: string;
  argv: readonly string[];
  /** What it is told, as JSON on its standard input. */
  input: unknown;
  /** Seconds that it may take. */
  timeout: number;
  /** Null: nothing but its time ends it. */
  signal: AbortSignal | null;
  hint: string;
}

/** Runs a command that the configuration names. Throws `failed` when it ends badly, or the signal's reason. */
export async function runUserHook(hook: UserHook): Promise<void> {
  const { key, pair, argv, input, timeout, signal, hint } = hook;
  const bound = AbortSignal.timeout(timeout * 1000);
  const ending = AbortSignal.any([bound, ...(signal ? [signal] : [])]);
  try {
    await runHook(argv, `${JSON.stringify(input)}\n`, ending);
  } catch (error) {
    signal?.throwIfAborted();
    const why = bound.aborted ? 'it took too long' : reasonOf(error);
    throw new StillpointError('failed', `${key} of ${pair} failed: ${why}`, { hint, cause: error });
  }
}
