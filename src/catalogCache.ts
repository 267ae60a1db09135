import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { openCache, type Cache } from './catalog/cache.js';
import type { BackupRecord } from './catalog/records.js';
import type { ChosenPair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { encodeName } from './store/keys.js';
import { toolName } from './util/tool.js';

/**
 * The records of a pair's backups that this machine has read before. Undefined for a folder, where they
 * are read as fast as from here.
 */
export async function backupCache(
  config: Config,
  { name, store }: ChosenPair,
): Promise<Cache<BackupRecord> | undefined> {
  if (store.type === 'file') return undefined;
  const { endpoint = '', bucket, prefix = '' } = store;
  // With the version, since another one may keep other fields of a record.
  const of = JSON.stringify([toolName(), endpoint, bucket, prefix, name]);
  const digest = createHash('sha256').update(of).digest('hex').slice(0, 12);
  return await openCache(join(config.stateDir, 'cache', `${encodeName(name)}-${digest}`), of);
}
