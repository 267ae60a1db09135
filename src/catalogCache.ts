import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { openCache, type CatalogCache } from './catalog/cache.js';
import type { ChosenPair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { encodeName } from './store/keys.js';
import { toolName } from './util/tool.js';

/** Opens what this machine has read of a pair before. Undefined for a folder, where records are read as fast as from here. */
export async function openCatalogCache(
  config: Config,
  { name, store }: ChosenPair,
): Promise<CatalogCache | undefined> {
  if (store.type === 'file') return undefined;
  const { endpoint = '', bucket, prefix = '' } = store;
  // With the version, since another one may keep other fields of a record.
  const of = [toolName(), endpoint, bucket, prefix, name];
  const digest = createHash('sha256').update(JSON.stringify(of)).digest('hex').slice(0, 12);
  const open = async <T>(what: string) =>
    await openCache<T>(
      join(config.stateDir, 'cache', `${encodeName(name)}-${digest}.${what}`),
      JSON.stringify([what, ...of]),
    );
  return { backups: await open('backups'), drills: await open('drills') };
}
