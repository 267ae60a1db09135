import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { Body } from '../../util/lent.js';
import { notAsSent, type PutOptions } from '../store.js';
import { isConflict } from './errors.js';
import { sendInParts } from './multipart.js';
import { headOf } from './objects.js';
import { cutter, partBytes } from './parts.js';
import { call, callOnce, type Remote } from './remote.js';
import { withRetry } from './retry.js';
import { alreadyThere, conditionally, isOurs, writerOf, writeTo, type Write } from './write.js';

/**
 * Stores a stream: in one request when it is shorter than a part, in parts otherwise.
 *
 * Our own uploader, not the SDK's lib-storage: its parts keep one size, so that a stream of unknown
 * length ends at 10,000 of them; it aborts without waiting for the abort, so that a process which
 * ends leaves the parts behind, unseen and paid for; and when that abort fails, its error takes the
 * place of the one that mattered.
 */
export async function putObject(
  remote: Remote,
  key: string,
  body: Body,
  options: PutOptions,
): Promise<{ bytes: number }> {
  const write = writeTo(remote, key, options);
  const sizeOf = (number: number): number =>
    partBytes(number, remote.partSize, options.estimatedBytes);
  const cut = cutter(body, remote.free);
  const first = await cut.next(sizeOf(1));
  options.signal?.throwIfAborted();
  try {
    const isWhole = first.length < sizeOf(1);
    const bytes = isWhole
      ? await sendWhole(write, first)
      : await sendInParts(write, { body, first, cut, sizeOf });
    if (isWhole && options.readBack === false) return { bytes };
    return { bytes: await storedBytes(write, bytes) };
  } catch (error) {
    await removeOurs(write);
    throw error;
  }
}

async function sendWhole(write: Write, bytes: Buffer): Promise<number> {
  const { remote, key, place, settings, signal } = write;
  const input = { ...place, ...settings, Body: bytes };
  const send = (condition: object): Promise<unknown> =>
    callOnce(remote, { action: 'write', key, signal }, (client, options) =>
      client.send(new PutObjectCommand({ ...input, ...condition }), options),
    );
  await withRetry(remote.patience, signal, async () => {
    try {
      await conditionally(write, send);
    } catch (error) {
      if (!isConflict(error)) throw error;
      if (!(await isOurs(write, { signal }))) throw alreadyThere(write, error);
    }
  });
  return bytes.length;
}

// What the answer said is not proof: some services answer 200 and keep less, or nothing.
async function storedBytes(write: Write, sent: number): Promise<number> {
  const { remote, key, signal, id } = write;
  const head = await headOf(remote, key, { signal });
  if (head?.ContentLength === sent && (writerOf(head) ?? id) === id) return sent;
  // A service that checks and then stores, in two steps, told two writers that they were the first.
  if (write.ifAbsent && (writerOf(head) ?? id) !== id) throw alreadyThere(write, undefined);
  const found = head && { bytes: head.ContentLength ?? 0 };
  throw notAsSent(remote, key, { sent, found });
}

// The cause of the failure is on its way to the caller; cleaning up must not take its place.
async function removeOurs({ remote, key, place, id }: Write): Promise<void> {
  const signal = AbortSignal.timeout(remote.patience.cleanUp);
  try {
    const head = await headOf(remote, key, { signal });
    if (writerOf(head) !== id) return;
    const version = head?.VersionId ? { VersionId: head.VersionId } : {};
    await call(remote, { action: 'remove', key, signal }, (client, options) =>
      client.send(new DeleteObjectCommand({ ...place, ...version }), options),
    );
  } catch {
    return;
  }
}
