import { readManifest } from './catalog/catalog.js';
import type { BackupRecord } from './catalog/records.js';
import type { Config, ServerConfig } from './config/schema.js';
import { resolveServer } from './config/secret.js';
import { decodingOf } from './decoding.js';
import { findClient } from './dump/tools.js';
import { whyNotContinued } from './failover/continued.js';
import { openBackup, type OpenBackup } from './openBackup.js';
import { openServer } from './pair/server.js';
import { readPart } from './restore/readPart.js';

export interface SeedingBackupOptions {
  pair: string;
  /** The server that is to be followed. */
  source: ServerConfig;
  /** Id, label or `latest`, which is the default. */
  backup?: string;
  /** Secret key of age, for an encrypted backup. */
  identityFile?: string;
}

/**
 * The backup that a seeding would take, and why it cannot; `null`: it can. Throws where that could not be read,
 * because a key or a program is missing, or the key is another one's.
 */
export async function seedingBackup(
  config: Config,
  options: SeedingBackupOptions,
): Promise<{ record: BackupRecord; problem: string | null }> {
  const opened = await openBackup(config, options.backup ?? 'latest', options.pair);
  try {
    return { record: opened.record, problem: await whyNot(config, options, opened) };
  } finally {
    await opened.store.close();
  }
}

async function whyNot(
  config: Config,
  options: SeedingBackupOptions,
  { store, record, pair }: OpenBackup,
): Promise<string | null> {
  const { parts } = await readManifest(store, record);
  const accounts = parts.find(({ kind }) => kind === 'accounts');
  if (!accounts) return 'it holds no accounts';
  const { include, exclude } = pair.databases;
  if (exclude.length > 0 || !include.includes('*'))
    return 'it does not hold everything (databases in the configuration)';
  const source = await openServer(await resolveServer(options.source), `source of ${options.pair}`);
  try {
    const problem = await whyNotContinued(source, record.coordinates);
    if (problem !== null) return problem;
    await findClient('mysql', source.dialect.version.flavour, pair.tools.mysql);
  } finally {
    source.close();
  }
  await readPart(store, accounts, await decodingOf(config, { record, pair }, options.identityFile));
  return null;
}
