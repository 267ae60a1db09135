import { withBody } from './body.js';
import { readObject } from './s3/get.js';
import { headOf, listFolders, listObjects, removeObjects, storedObject } from './s3/objects.js';
import type { Patience, S3Options } from './s3/options.js';
import { probeS3 } from './s3/probe.js';
import { putObject } from './s3/put.js';
import { remoteOf, type Remote } from './s3/remote.js';
import { abortUpload, unfinishedUploads } from './s3/uploads.js';
import type { Store } from './store.js';

/**
 * A store in a bucket of any S3-compatible service. Nothing is sent before the first call. Imports
 * the SDK, which takes a good part of a second: load this module only when it is needed.
 */
export function openS3Store(options: S3Options, patience: Partial<Patience> = {}): Store {
  return storeOn(remoteOf(options, patience));
}

function storeOn(remote: Remote): Store {
  return {
    url: remote.url,

    put: (key, body, options = {}) =>
      withBody(body, options.signal, (stream) => putObject(remote, key, stream, options)),

    get: (key, { signal } = {}) => readObject(remote, key, signal),

    async head(key) {
      const head = await headOf(remote, key);
      return head && storedObject(key, head);
    },

    list: (prefix, options) => listObjects(remote, prefix, options),
    folders: (prefix, { signal } = {}) => listFolders(remote, prefix, signal),
    delete: (keys) => removeObjects(remote, keys),

    async sweep(prefix) {
      const uploads = await unfinishedUploads(remote, prefix);
      for (const upload of uploads) await abortUpload(remote, upload);
      return uploads.length;
    },

    // A person waits for it: a service that is away has failed the probe within seconds.
    probe: () =>
      probeS3(
        { ...remote, patience: { ...remote.patience, attempts: 4, unreachable: 3 } },
        storeOn,
      ),

    close() {
      remote.client.destroy();
      return Promise.resolve();
    },
  };
}
