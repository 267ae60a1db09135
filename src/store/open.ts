import { openFileStore, type FileStoreOptions } from './file.js';
import type { S3Options } from './s3/options.js';
import type { Store } from './store.js';

/** A store as the configuration has it. */
export type StoreConfig = ({ type: 's3' } & S3Options) | ({ type: 'file' } & FileStoreOptions);

/** Opens a store. Sends nothing and makes nothing yet; the SDK is loaded here and not before. */
export async function openStore(config: StoreConfig): Promise<Store> {
  if (config.type === 'file') return openFileStore(config);
  const { openS3Store } = await import('./s3.js');
  return openS3Store(config);
}
