import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type HeadObjectCommandOutput,
  type ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import { isSafeKey } from '../keys.js';
import type { ListOptions, StoredObject } from '../store.js';
import { faultOf, isMissing, s3Failure } from './errors.js';
import { aimOf, call, placeOf, type Remote } from './remote.js';
import type { Tries } from './retry.js';

/** The answer to a HEAD, or null when there is no such key. */
export async function headOf(
  remote: Remote,
  key: string,
  how: { signal?: AbortSignal | undefined; tries?: Tries } = {},
): Promise<HeadObjectCommandOutput | null> {
  const place = placeOf(remote, key);
  try {
    return await call(remote, { action: 'read', key, ...how }, (client, options) =>
      client.send(new HeadObjectCommand(place), options),
    );
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** What a HEAD says of an object. Locks are told to those only who may read them (`s3:GetObjectRetention`). */
export function storedObject(key: string, head: HeadObjectCommandOutput): StoredObject {
  const until = head.ObjectLockRetainUntilDate;
  const isHeld = head.ObjectLockLegalHoldStatus === 'ON';
  const isLocked = isHeld || (until !== undefined && until.getTime() > Date.now());
  return {
    key,
    bytes: head.ContentLength ?? 0,
    modified: head.LastModified ?? new Date(0),
    isVersion: head.VersionId !== undefined && head.VersionId !== 'null',
    ...(isLocked ? { lock: { until: isHeld ? null : (until ?? null) } } : {}),
  };
}

/** Every object whose key starts with `prefix`. What consoles keep for a folder (`a/`) is left out. */
export async function* listObjects(
  remote: Remote,
  prefix: string,
  options: ListOptions = {},
): AsyncGenerator<StoredObject> {
  for await (const page of pagesOf(remote, prefix, options)) {
    for (const { Key = '', Size = 0, LastModified = new Date(0) } of page.Contents ?? []) {
      const key = Key.slice(remote.prefix.length);
      if (isSafeKey(key)) yield { key, bytes: Size, modified: LastModified };
    }
  }
}

/** The names of the folders directly under `prefix`. */
export async function listFolders(
  remote: Remote,
  prefix: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const names: string[] = [];
  for await (const page of pagesOf(remote, prefix, { signal, delimiter: '/' })) {
    for (const { Prefix = '' } of page.CommonPrefixes ?? [])
      names.push(Prefix.slice(remote.prefix.length + prefix.length, -1));
  }
  return names.sort();
}

/** Removes keys, a thousand a request; one by one where the service knows no other way. */
export async function removeObjects(remote: Remote, keys: readonly string[]): Promise<void> {
  for (let start = 0; start < keys.length; start += 1000) {
    const some = keys.slice(start, start + 1000);
    try {
      await removeTogether(remote, some);
    } catch (error) {
      // Services without it, or that want another checksum than the SDK sends, say one of these.
      if (![400, 405, 411, 501].includes(faultOf(error)?.status ?? 0)) throw error;
      const few = pLimit(8);
      await Promise.all(some.map((key) => few(() => removeOne(remote, key))));
    }
  }
}

async function removeTogether(remote: Remote, keys: readonly string[]): Promise<void> {
  const Objects = keys.map((key) => ({ Key: placeOf(remote, key).Key }));
  const { Errors = [] } = await call(remote, { action: 'remove', key: '' }, (client, options) =>
    client.send(
      new DeleteObjectsCommand({ Bucket: remote.bucket, Delete: { Objects, Quiet: true } }),
      options,
    ),
  );
  const [first] = Errors;
  if (first === undefined) return;
  const key = (first.Key ?? '').slice(remote.prefix.length);
  const error = { name: first.Code ?? 'Error', message: first.Message ?? '' };
  throw s3Failure(Object.assign(new Error(error.message), error), aimOf(remote, 'remove', key));
}

async function removeOne(remote: Remote, key: string): Promise<void> {
  await call(remote, { action: 'remove', key }, (client, options) =>
    client.send(new DeleteObjectCommand(placeOf(remote, key)), options),
  );
}

async function* pagesOf(
  remote: Remote,
  prefix: string,
  { signal, attempts, delimiter }: ListOptions & { delimiter?: string },
): AsyncGenerator<ListObjectsV2CommandOutput> {
  const where = {
    Bucket: remote.bucket,
    Prefix: `${remote.prefix}${prefix}`,
    Delimiter: delimiter,
  };
  const { patience } = remote;
  const tries = { ...patience, attempts: attempts ?? patience.attempts, unreachable: 4 };
  let ContinuationToken: string | undefined;
  do {
    const request = { action: 'list', key: prefix, tries, signal } as const;
    const page = await call(remote, request, (client, options) =>
      client.send(new ListObjectsV2Command({ ...where, ContinuationToken }), options),
    );
    yield page;
    ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (ContinuationToken !== undefined);
}
