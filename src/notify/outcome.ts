import { reasonOf, StillpointError, exitStatus, type ErrorCode } from '../errors.js';

export const actions = ['backup', 'snapshot', 'drill', 'prune'] as const;
/** What a run was for. Each has a check of its own where it is watched. */
export type Action = (typeof actions)[number];

/**
 * `skipped`: another run was at it (`locked`), which will tell how it ended itself. It is no news about
 * the pair: heartbeats and metrics pass over it.
 */
export type OutcomeStatus = 'succeeded' | 'failed' | 'skipped';

/** How a run ended: what a webhook is sent and a command gets on its standard input. */
export interface Outcome {
  format: 1;
  /** `backup.succeeded`, `drill.failed`, … */
  event: `${Action}.${OutcomeStatus}`;
  /** A UUID of this run; the heartbeat has it as `rid`. */
  run: string;
  action: Action;
  /** Null when the run failed before it was known. */
  pair: string | null;
  status: OutcomeStatus;
  /** The exit status of the command. */
  exit: number;
  error: OutcomeError | null;
  startedAt: string;
  finishedAt: string;
  seconds: number;
  /** The machine it ran on. */
  host: string;
  tool: string;
  /** What the command prints with `--json`; null when it failed with an error. */
  record: unknown;
  /** The last lines of what it did, oldest first. */
  log: string[];
}

/** What is sent in place of an outcome to see whether it arrives: nothing ran. */
export interface TestOutcome extends Omit<Outcome, 'event' | 'action' | 'status'> {
  event: 'notify.test';
  action: 'test';
  status: 'test';
}

export interface OutcomeError {
  code: ErrorCode;
  message: string;
  hint: string | null;
}

/** The error, and with it the status and the exit status, of a run that threw. */
export function failureOf(thrown: unknown): Pick<Outcome, 'status' | 'exit' | 'error'> {
  const known = thrown instanceof StillpointError;
  const code = known ? thrown.code : 'failed';
  return {
    status: code === 'locked' ? 'skipped' : 'failed',
    exit: exitStatus[code],
    error: { code, message: reasonOf(thrown), hint: (known ? thrown.hint : null) ?? null },
  };
}

/** The same of a run that ended by itself. A drill that found a fault ends so, with it in its record. */
export function verdictOf(record: unknown): Pick<Outcome, 'status' | 'exit' | 'error'> {
  if (!isFailed(record)) return { status: 'succeeded', exit: 0, error: null };
  const message = record.reason ?? 'a check failed';
  return {
    status: 'failed',
    exit: exitStatus.verification,
    error: { code: 'verification', message, hint: null },
  };
}

function isFailed(record: unknown): record is { status: 'failed'; reason?: string | null } {
  return typeof record === 'object' && record !== null && 'status' in record
    ? record.status === 'failed'
    : false;
}
