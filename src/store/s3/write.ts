import type { HeadObjectCommandOutput, PutObjectCommandInput } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { StillpointError } from '../../errors.js';
import type { PutOptions } from '../store.js';
import { faultOf } from './errors.js';
import { headOf } from './objects.js';
import { placeOf, type Remote } from './remote.js';
import type { Tries } from './retry.js';

/** One write of one object, with what all its requests need. */
export interface Write {
  remote: Remote;
  key: string;
  /** Where it goes, as requests want it. */
  place: { Bucket: string; Key: string };
  /** Marks the object as made by this write, so that a lost answer or a conflict can be settled. */
  id: string;
  settings: ObjectSettings;
  ifAbsent: boolean;
  signal: AbortSignal | undefined;
}

const idName = 'stillpoint-write';

type ObjectSettings = Pick<
  PutObjectCommandInput,
  | 'Metadata'
  | 'StorageClass'
  | 'ServerSideEncryption'
  | 'SSEKMSKeyId'
  | 'Tagging'
  | 'ObjectLockMode'
  | 'ObjectLockRetainUntilDate'
  | 'ChecksumAlgorithm'
>;

/** A write about to start, with an id of its own. */
export function writeTo(remote: Remote, key: string, options: PutOptions): Write {
  const id = randomUUID();
  return {
    remote,
    key,
    place: placeOf(remote, key),
    id,
    settings: settingsOf(remote, id),
    ifAbsent: options.ifAbsent ?? false,
    signal: options.signal,
  };
}

/**
 * Sends the last request of a write, with the header that makes it fail where there is an object
 * already, if that is wanted. Some services refuse the header with a 501: there a look before is
 * all that can be had.
 */
export async function conditionally(
  write: Write,
  send: (condition: { IfNoneMatch?: '*' }) => Promise<unknown>,
): Promise<void> {
  const { remote, key, ifAbsent, signal } = write;
  try {
    await send(ifAbsent ? { IfNoneMatch: '*' } : {});
  } catch (error) {
    if (!ifAbsent || faultOf(error)?.status !== 501) throw error;
    if ((await headOf(remote, key, { signal })) !== null) throw alreadyThere(write, error);
    await send({});
  }
}

/** The error of a conditional write that came second. */
export function alreadyThere({ remote, key }: Write, cause: unknown): StillpointError {
  return new StillpointError('failed', `${remote.url}/${key} exists already`, { cause });
}

/** The id of the write that made an object; undefined where the service keeps no metadata. */
export function writerOf(head: HeadObjectCommandOutput | null): string | undefined {
  return head?.Metadata?.[idName];
}

/** True when the object at the key is the one this write made. */
export async function isOurs(
  { remote, key, id }: Write,
  how: { signal: AbortSignal | undefined; tries?: Tries },
): Promise<boolean> {
  return writerOf(await headOf(remote, key, how)) === id;
}

function settingsOf({ options }: Remote, id: string): ObjectSettings {
  const lock = options.objectLock;
  const until = lock ? new Date(Date.now() + lock.days * 86_400_000) : undefined;
  // A bucket with Object Lock refuses what comes without a checksum.
  const checked = options.checksums !== 'when-required' || lock !== undefined;
  return {
    Metadata: { [idName]: id },
    StorageClass: options.storageClass as ObjectSettings['StorageClass'],
    ServerSideEncryption: options.sse,
    SSEKMSKeyId: options.kmsKeyId,
    Tagging: options.tags ? new URLSearchParams(options.tags).toString() : undefined,
    ObjectLockMode: lock && (lock.mode === 'governance' ? 'GOVERNANCE' : 'COMPLIANCE'),
    ObjectLockRetainUntilDate: until,
    ChecksumAlgorithm: checked ? 'CRC32' : undefined,
  };
}
