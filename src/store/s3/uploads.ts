import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
} from '@aws-sdk/client-s3';
import { faultOf } from './errors.js';
import { call, type Remote } from './remote.js';

/** An upload that was begun and not ended. */
export interface Upload {
  /** The full key, with the store's prefix. */
  Key: string;
  UploadId: string;
}

/** Every unfinished upload to a key that starts with `prefix`; none where the service cannot tell. */
export async function unfinishedUploads(
  remote: Remote,
  prefix: string,
  signal?: AbortSignal,
): Promise<Upload[]> {
  const found: Upload[] = [];
  const where = { Bucket: remote.bucket, Prefix: `${remote.prefix}${prefix}` };
  const request = { action: 'list', key: prefix, signal } as const;
  let from: { KeyMarker?: string; UploadIdMarker?: string } | null = {};
  while (from !== null) {
    const input = { ...where, ...from };
    let page: ListMultipartUploadsCommandOutput;
    try {
      page = await call(remote, request, (client, options) =>
        client.send(new ListMultipartUploadsCommand(input), options),
      );
    } catch (error) {
      if ([405, 501].includes(faultOf(error)?.status ?? 0)) return found;
      throw error;
    }
    for (const { Key, UploadId } of page.Uploads ?? [])
      if (Key !== undefined && UploadId !== undefined) found.push({ Key, UploadId });
    from = page.IsTruncated === true ? markersOf(page) : null;
  }
  return found;
}

/** Ends an upload and frees its parts; one that is gone is no error. */
export async function abortUpload(
  remote: Remote,
  upload: Upload,
  signal?: AbortSignal,
): Promise<void> {
  const key = upload.Key.slice(remote.prefix.length);
  const request = { action: 'write', key, signal } as const;
  try {
    await call(remote, request, (client, options) =>
      client.send(new AbortMultipartUploadCommand({ Bucket: remote.bucket, ...upload }), options),
    );
  } catch (error) {
    if (faultOf(error)?.name !== 'NoSuchUpload') throw error;
  }
}

function markersOf(page: ListMultipartUploadsCommandOutput): {
  KeyMarker?: string;
  UploadIdMarker?: string;
} {
  const { NextKeyMarker, NextUploadIdMarker } = page;
  return {
    ...(NextKeyMarker ? { KeyMarker: NextKeyMarker } : {}),
    ...(NextUploadIdMarker ? { UploadIdMarker: NextUploadIdMarker } : {}),
  };
}
