import { S3Client } from '@aws-sdk/client-s3';
import { checkKey } from '../keys.js';
import { s3Failure, type Aim } from './errors.js';
import { defaultPartSize, defaultPatience, type Patience, type S3Options } from './options.js';
import { withRetry, type Tries } from './retry.js';

/** A bucket, and what is needed to talk to it. */
export interface Remote {
  client: S3Client;
  options: S3Options;
  bucket: string;
  /** Empty, or ends in `/`. */
  prefix: string;
  /** `s3://bucket/prefix`, without a slash at its end. */
  url: string;
  partSize: number;
  /** Memory that uploads borrow for parts beyond the two that each of them may hold. */
  spare: { bytes: number };
  /** Memory of parts that are stored, for the next ones. */
  free: ArrayBufferLike[];
  patience: Patience;
}

/** One request: what it is for, and how it is tried. */
export interface Request {
  action: Aim['action'];
  /** The key without the store's prefix; empty for the bucket. */
  key: string;
  signal?: AbortSignal | undefined;
  tries?: Tries;
}

/** Prepares the client; nothing is sent yet. */
export function remoteOf(options: S3Options, patience: Partial<Patience> = {}): Remote {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const folder = (options.prefix ?? '').replace(/^\/+|\/+$/g, '');
  if (folder !== '') checkKey(folder);
  const waits = { ...defaultPatience, ...patience };
  if (options.maxAttempts !== undefined) waits.attempts = options.maxAttempts;
  const region = options.region ?? (options.endpoint ? endpointRegion() : undefined);
  const client = new S3Client({
    ...(region ? { region } : {}),
    ...(options.endpoint ? { endpoint: options.endpoint } : {}),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(options.credentials ? { credentials: options.credentials } : {}),
    forcePathStyle: options.forcePathStyle ?? false,
    maxAttempts: 1,
    requestChecksumCalculation:
      options.checksums === 'when-required' ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED',
    // Every object is checked against the SHA-256 of its manifest; theirs says less and costs more.
    responseChecksumValidation: 'WHEN_REQUIRED',
    // With `Expect: 100-continue` the SDK opens a new connection for every part.
    expectContinueHeader: false,
    requestHandler: { connectionTimeout: waits.connect, socketTimeout: waits.silence },
  });
  const partSize = options.partSize ?? defaultPartSize;
  return {
    client,
    options,
    bucket: options.bucket,
    prefix: folder === '' ? '' : `${folder}/`,
    url: `s3://${options.bucket}${folder === '' ? '' : `/${folder}`}`,
    partSize,
    spare: { bytes: partSize },
    free: [],
    patience: waits,
  };
}

/** Sends a request until it is answered; every error is ours and names what it was about. */
export async function call<T>(
  remote: Remote,
  request: Request,
  send: (client: S3Client, options: { abortSignal?: AbortSignal }) => Promise<T>,
): Promise<T> {
  return withRetry(request.tries ?? remote.patience, request.signal, () =>
    callOnce(remote, request, send),
  );
}

/** Sends a request once. */
export async function callOnce<T>(
  remote: Remote,
  { action, key, signal }: Request,
  send: (client: S3Client, options: { abortSignal?: AbortSignal }) => Promise<T>,
): Promise<T> {
  try {
    return await send(remote.client, signal ? { abortSignal: signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    throw s3Failure(error, aimOf(remote, action, key));
  }
}

/** What an error names. */
export function aimOf(remote: Remote, action: Aim['action'], key: string): Aim {
  const { bucket, options } = remote;
  const endpoint = options.endpoint ?? `Amazon S3${options.region ? ` in ${options.region}` : ''}`;
  return { action, url: key === '' ? remote.url : `${remote.url}/${key}`, bucket, endpoint };
}

/** Where an object lies, as requests want it. Throws when the key is not safe. */
export function placeOf(remote: Remote, key: string): { Bucket: string; Key: string } {
  checkKey(key);
  return { Bucket: remote.bucket, Key: `${remote.prefix}${key}` };
}

// The SDK insists on a region; a service that is not AWS seldom has one.
function endpointRegion(): string {
  return process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'] ?? 'us-east-1';
}
