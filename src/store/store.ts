import type { Readable } from 'node:stream';
import { StillpointError } from '../errors.js';
import type { Body } from '../util/lent.js';

/** One stored object as a listing or a HEAD tells it. */
export interface StoredObject {
  key: string;
  bytes: number;
  modified: Date;
  /** From a HEAD only: Object Lock forbids its removal. `until` is null for a legal hold, which has no end. */
  lock?: { until: Date | null };
  /** From a HEAD only: the bucket keeps old versions, so that a removal frees no space by itself. */
  isVersion?: boolean;
}

export interface PutOptions {
  /** Best guess of the final size; sizes the parts of a multipart upload. */
  estimatedBytes?: number;
  /** Ends the write; nothing of it stays behind once the promise has settled. */
  signal?: AbortSignal;
  /** Refuse (error code `failed`, message "… exists already") when the key exists: the commit. */
  ifAbsent?: boolean;
  /** False: the caller looks at the end whether the store has it, and so much of it (of many at once). Default: true. */
  readBack?: boolean;
}

export interface ListOptions {
  signal?: AbortSignal | undefined;
  /** How often a request is tried. Default: as in a write, but four times when nothing answers: a person may wait. */
  attempts?: number;
}

/** One line of what `doctor` tries on a store. */
export interface ProbeResult {
  name: string;
  status: 'ok' | 'warn' | 'fail';
  detail: string;
}

/**
 * Where backups lie. Keys are relative to the store's own prefix, use `/` between folders, and are
 * made by `keys.ts`, so that every implementation may take them as safe ASCII.
 *
 * A key becomes visible whole or not at all: a `put` that throws leaves no object, no upload and no
 * temporary file behind.
 */
export interface Store {
  /** For people: `s3://bucket/prefix` or `file:///srv/backups`. Holds no secret. */
  readonly url: string;
  /**
   * Stores the stream's bytes under `key` and answers with the stored size, read back from the store unless told
   * otherwise.
   */
  put(key: string, body: Body | Buffer, options?: PutOptions): Promise<{ bytes: number }>;
  /** The object's bytes. Throws `no-such-backup` when the key does not exist. */
  get(key: string, options?: { signal?: AbortSignal }): Promise<Readable>;
  /** The object's size and time, or null when it does not exist. */
  head(key: string): Promise<StoredObject | null>;
  /** Every object whose key starts with `prefix`, in the order of their keys; none whose key is not safe. */
  list(prefix: string, options?: ListOptions): AsyncIterable<StoredObject>;
  /** The names of the folders directly under `prefix` (which ends in `/`), sorted, without the slash. */
  folders(prefix: string, options?: { signal?: AbortSignal }): Promise<string[]>;
  /** Removes the keys; one that is not there is no error. */
  delete(keys: readonly string[]): Promise<void>;
  /** Ends what a dead run left under `prefix`: unfinished uploads, temporary files. Answers how many. */
  sweep(prefix: string): Promise<number>;
  /** Tries for real what a backup needs: a multipart write, reading it back, a conditional write, removal. */
  probe(): Promise<ProbeResult[]>;
  close(): Promise<void>;
}

/** The error of an object that the store says it has taken, and has not, or not all of it. */
export function notAsSent(
  { url }: Pick<Store, 'url'>,
  key: string,
  { sent, found }: { sent: number; found: Pick<StoredObject, 'bytes'> | null },
): StillpointError {
  const kept = found === null ? 'no object' : `${found.bytes} bytes`;
  return new StillpointError(
    'failed',
    `${url}/${key} was stored, but the store has ${kept} where ${sent} bytes were sent`,
    { hint: 'Another program writes to this key, or the store loses data: stillpoint doctor' },
  );
}
