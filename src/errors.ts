/**
 * What went wrong, as a word. Each has one exit status, so that a script can tell a refusal from a
 * failure and a failure from a replica that needs a person.
 */
export const exitStatus = {
  failed: 1,
  usage: 2,
  config: 2,
  partial: 3,
  refused: 10,
  locked: 11,
  'no-such-backup': 12,
  verification: 13,
  'not-resumed': 20,
  interrupted: 130,
  terminated: 143,
} as const;

export type ErrorCode = keyof typeof exitStatus;

/**
 * The one error this program throws on purpose. `message` is a lower-case line that names the thing,
 * `hint` a sentence with the command to run.
 */
export class StillpointError extends Error {
  override readonly name = 'StillpointError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.hint = options.hint;
  }

  get exitStatus(): number {
    return exitStatus[this.code];
  }
}

/**
 * The exit status of work on several pairs, by that of each: 20 when a replica stays paused, since a
 * person must act; the one that they share; a signal's when one ended some; 3 when only some failed; else 1.
 */
export function exitStatusOf(statuses: readonly number[]): number {
  const [first = 0] = statuses;
  if (statuses.includes(exitStatus['not-resumed'])) return exitStatus['not-resumed'];
  if (statuses.every((status) => status === first)) return first;
  const signalled = statuses.find((status) => status >= exitStatus.interrupted);
  return signalled ?? (statuses.includes(0) ? exitStatus.partial : exitStatus.failed);
}

/** What was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** The text of anything that was thrown, for a message that wraps it. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
