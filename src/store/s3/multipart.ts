import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { asError, StillpointError } from '../../errors.js';
import type { Body } from '../../util/lent.js';
import { faultOf, isConflict } from './errors.js';
import { mostParts, type Cutter } from './parts.js';
import { call, callOnce, type Remote } from './remote.js';
import { withRetry } from './retry.js';
import { abortUpload, unfinishedUploads, type Upload } from './uploads.js';
import { alreadyThere, conditionally, isOurs, type Write } from './write.js';

/** A stream of which the first part has been read. */
export interface Source {
  body: Body;
  first: Buffer;
  /** What gives the rest. */
  cut: Cutter;
  /** Bytes of part n, from 1. */
  sizeOf: (number: number) => number;
}

/** Uploads a stream in parts and answers with the bytes sent. When it throws, the upload is gone. */
export async function sendInParts(write: Write, source: Source): Promise<number> {
  const upload = await begin(write);
  try {
    const { parts, bytes } = await sendParts(write, upload, source);
    await complete(write, upload, parts);
    return bytes;
  } catch (error) {
    await abortQuietly(write.remote, upload);
    throw error;
  }
}

async function begin(write: Write): Promise<Upload> {
  const { remote, key, place, settings, signal } = write;
  let tries = 0;
  let UploadId: string | undefined;
  try {
    ({ UploadId } = await call(remote, { action: 'write', key, signal }, (client, options) => {
      tries++;
      return client.send(new CreateMultipartUploadCommand({ ...place, ...settings }), options);
    }));
    if (UploadId === undefined) throw new StillpointError('failed', `no upload id for ${key}`);
    return { Key: place.Key, UploadId };
  } finally {
    // A try whose answer was lost may have begun an upload that nobody knows the id of.
    if (tries > 1) await abortOthers(remote, key, UploadId);
  }
}

/**
 * Sends part by part. In memory are the part being filled and the one on its way, and more on their
 * way as far as the store's spare memory lends it: with 5 MiB parts four uploads at once hold 45 MiB.
 * A part larger than the first size is alone in memory.
 */
async function sendParts(
  write: Write,
  upload: Upload,
  { body, first, cut, sizeOf }: Source,
): Promise<{ parts: CompletedPart[]; bytes: number }> {
  const { partSize, spare } = write.remote;
  const parts: CompletedPart[] = [];
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(write.signal ? [write.signal] : [])]);
  const flying = new Set<Promise<void>>();
  let bytes = 0;
  let lent = 0;

  const fail = (error: unknown): void => {
    failed.abort(error);
    body.destroy(asError(error));
  };
  const send = (number: number, part: Buffer): void => {
    const borrowed = lent;
    lent = 0;
    bytes += part.length;
    const sent: Promise<void> = sendPart({ ...write, signal }, upload, number, part)
      .then((done) => {
        parts.push(done);
        cut.done(part);
      })
      .catch(fail)
      .finally(() => {
        spare.bytes += borrowed;
        flying.delete(sent);
      });
    flying.add(sent);
  };
  const mayFill = (size: number): boolean => {
    if (flying.size === 0 || (flying.size === 1 && size <= partSize)) return true;
    if (size > spare.bytes) return false;
    spare.bytes -= size;
    lent = size;
    return true;
  };

  try {
    send(1, first);
    for (let number = 2; ; number++) {
      const size = sizeOf(number);
      while (!mayFill(size)) await Promise.race(flying);
      signal.throwIfAborted();
      const part = await cut.next(size);
      if (part.length > 0) checkNumber(write, number);
      if (part.length > 0) send(number, part);
      if (part.length < size) break;
    }
    await Promise.all(flying);
    signal.throwIfAborted();
  } catch (error) {
    failed.abort(error);
    await Promise.all(flying);
    throw asError(failed.signal.reason);
  } finally {
    spare.bytes += lent;
  }
  parts.sort((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
  return { parts, bytes };
}

function checkNumber({ remote, key }: Write, number: number): void {
  if (number <= mostParts) return;
  throw new StillpointError('failed', `${remote.url}/${key} is longer than 10,000 parts hold`, {
    hint: 'Give the store a larger partSize.',
  });
}

async function sendPart(
  { remote, key, settings, signal }: Write,
  upload: Upload,
  PartNumber: number,
  Body: Buffer,
): Promise<CompletedPart> {
  const { ChecksumAlgorithm } = settings;
  const input = { Bucket: remote.bucket, ...upload, PartNumber, Body, ChecksumAlgorithm };
  const answer = await call(remote, { action: 'write', key, signal }, (client, options) =>
    client.send(new UploadPartCommand(input), options),
  );
  return { PartNumber, ETag: answer.ETag, ChecksumCRC32: answer.ChecksumCRC32 };
}

/**
 * Makes the object of its parts. A service that does so and whose answer is lost says `NoSuchUpload`
 * to the next try, one that is still at it says so before the object is there: what counts is
 * whether the object is ours.
 */
async function complete(write: Write, upload: Upload, Parts: CompletedPart[]): Promise<void> {
  const { remote, key, signal } = write;
  const input = { Bucket: remote.bucket, ...upload, MultipartUpload: { Parts } };
  const send = (condition: object): Promise<unknown> =>
    callOnce(remote, { action: 'write', key, signal }, (client, options) =>
      client.send(new CompleteMultipartUploadCommand({ ...input, ...condition }), options),
    );
  const once = { signal, tries: { ...remote.patience, attempts: 1 } };
  let lost: Error | undefined;
  await withRetry(remote.patience, signal, async () => {
    try {
      await conditionally(write, send);
    } catch (error) {
      if (await isOurs(write, once).catch(() => false)) return;
      if (isConflict(error)) throw alreadyThere(write, error);
      if (faultOf(error)?.name === 'NoSuchUpload' && lost !== undefined) throw lost;
      lost = asError(error);
      throw error;
    }
  });
}

async function abortOthers(remote: Remote, key: string, kept: string | undefined): Promise<void> {
  const signal = AbortSignal.timeout(remote.patience.cleanUp);
  const uploads = await unfinishedUploads(remote, key, signal).catch(() => []);
  for (const upload of uploads) {
    if (upload.Key === `${remote.prefix}${key}` && upload.UploadId !== kept)
      await abortUpload(remote, upload, signal).catch(() => undefined);
  }
}

// What made the upload fail is on its way to the caller; what is left over goes with the next sweep.
async function abortQuietly(remote: Remote, upload: Upload): Promise<void> {
  const signal = AbortSignal.timeout(remote.patience.cleanUp);
  await abortUpload(remote, upload, signal).catch(() => undefined);
}
