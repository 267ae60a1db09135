import { StillpointError, reasonOf } from '../../errors.js';
import { explain } from './explain.js';

/**
 * What is kept of an error of the SDK, as the `cause` of ours. Not the error itself: that one carries
 * the service's echo of the signed request, with its session token.
 */
export interface Fault extends Error {
  /** HTTP status; 0 when there was no answer. */
  status: number;
  /** Whether trying again may help: no; yes; yes, but nothing answers at all. */
  again: 'no' | 'yes' | 'unreachable';
}

/** What a request was about, for its error. */
export interface Aim {
  action: 'read' | 'write' | 'list' | 'remove';
  /** `s3://bucket/prefix/key`. */
  url: string;
  bucket: string;
  /** Where requests go, for people. */
  endpoint: string;
}

/** An error of the SDK or the network as ours, `cause` a Fault. */
export function s3Failure(error: unknown, aim: Aim): StillpointError {
  if (error instanceof StillpointError) return error;
  const fault = faultFrom(error);
  const { message, hint } = explain(aim, fault) ?? {
    message: `cannot ${aim.action} ${aim.url}: ${fault.name}: ${fault.message}`,
    hint: undefined,
  };
  return new StillpointError('failed', message, { cause: fault, ...(hint ? { hint } : {}) });
}

/** The fault behind an error of a store, or null when the service had no part in it. */
export function faultOf(error: unknown): Fault | null {
  const cause = error instanceof StillpointError ? error.cause : null;
  return cause instanceof Error && 'again' in cause ? (cause as Fault) : null;
}

/** True when the service said that there is no such key (or, to a HEAD, no such bucket). */
export function isMissing(error: unknown): boolean {
  const fault = faultOf(error);
  return fault?.status === 404 && fault.name !== 'NoSuchBucket';
}

/** True when a conditional write met an object, or another writer, at its key. */
export function isConflict(error: unknown): boolean {
  return ['PreconditionFailed', 'ConditionalRequestConflict'].includes(faultOf(error)?.name ?? '');
}

interface SdkError {
  name?: string;
  code?: string;
  message?: string;
  $metadata?: { httpStatusCode?: number; clockSkewCorrected?: boolean };
}

function faultFrom(thrown: unknown): Fault {
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as SdkError;
  const status = error.$metadata?.httpStatusCode ?? 0;
  const name = (status === 0 ? error.code : undefined) ?? error.name ?? 'Error';
  const corrected = error.$metadata?.clockSkewCorrected === true;
  return Object.assign(new Error(reasonOf(thrown)), {
    name,
    status,
    again: unreachable.has(name)
      ? 'unreachable'
      : corrected || mayPass(name, status)
        ? 'yes'
        : 'no',
  } as const);
}

const unreachable = new Set([
  'ECONNREFUSED',
  'EAI_AGAIN',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
]);

const passing = new Set([
  ...[
    'ECONNRESET',
    'ECONNABORTED',
    'EPIPE',
    'ETIMEDOUT',
    'TimeoutError',
    'ERR_STREAM_PREMATURE_CLOSE',
  ],
  ...[
    'InternalError',
    'ServiceUnavailable',
    'SlowDown',
    'SlowDownRead',
    'SlowDownWrite',
    'Throttling',
  ],
  ...[
    'RequestTimeout',
    'OperationAborted',
    'BadDigest',
    'IncompleteBody',
    'XAmzContentSHA256Mismatch',
  ],
]);

function mayPass(name: string, status: number): boolean {
  if (passing.has(name) || status === 408 || status === 429) return true;
  return status >= 500 && ![501, 505, 507].includes(status);
}
