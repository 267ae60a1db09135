import { readManifest } from './catalog/catalog.js';
import type { BackupRecord } from './catalog/records.js';
import type { Config, ServerConfig } from './config/schema.js';
import { resolveServer } from './config/secret.js';
import { whyNotContinued } from './failover/continued.js';
import { openBackup } from './openBackup.js';
import { openServer } from './pair/server.js';

export interface SeedingBackupOptions {
  pair: string;
  /** The server that is to be followed. */
  source: ServerConfig;
  /** Id, label or `latest`, which is the default. */
  backup?: string;
}

/** The backup that a seeding would take, and why it cannot; `null`: it can. */
export async function seedingBackup(
  config: Config,
  options: SeedingBackupOptions,
): Promise<{ record: BackupRecord; problem: string | null }> {
  const opened = await openBackup(config, options.backup ?? 'latest', options.pair);
  const { store, record, pair } = opened;
  const manifest = await readManifest(store, record).finally(async () => await store.close());
  if (!manifest.parts.some(({ kind }) => kind === 'accounts'))
    return { record, problem: 'it holds no accounts' };
  const { include, exclude } = pair.databases;
  if (exclude.length > 0 || !include.includes('*'))
    return { record, problem: 'it does not hold everything (databases in the configuration)' };
  const source = await openServer(await resolveServer(options.source), `source of ${options.pair}`);
  try {
    return { record, problem: await whyNotContinued(source, record.coordinates) };
  } finally {
    source.close();
  }
}
