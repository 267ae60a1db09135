import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { stringify } from 'yaml';
import { sealRecord } from '../../src/catalog/seal.js';
import type { BackupRecord } from '../../src/catalog/records.js';
import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/schema.js';
import { backupPrefix, commitKey, manifestKey, slugOf } from '../../src/store/keys.js';
import type { Store } from '../../src/store/store.js';
import { sampleBackup } from './history.js';
import { randomFrom } from './sample.js';

const day = 86_400_000;

/** A configuration for what needs a store and no server: the servers of its pair do not exist. */
export async function storeOnlyConfig(
  folder: string,
  store: Record<string, unknown>,
  retention: Record<string, unknown> | null,
): Promise<{ file: string; config: Config }> {
  const nowhere = { host: 'nowhere.invalid', user: 'nobody' };
  const pair = { source: nowhere, replica: nowhere, ...(retention === null ? {} : { retention }) };
  const document = {
    pairs: { shop: pair },
    stores: { main: store },
    stateDir: join(folder, 'state'),
  };
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'stillpoint.yaml');
  await writeFile(file, stringify(document));
  return { file, config: (await loadConfig({ file, env: {} })).config };
}

/** Records of so many nights up to now, oldest first. */
export function nights(count: number, last = new Date()): BackupRecord[] {
  const random = randomFrom(count);
  return Array.from({ length: count }, (_, i) =>
    sampleBackup(new Date(last.getTime() - 7200_000 - (count - 1 - i) * day), 1, random),
  );
}

/** A record of that label, taken at that time (ISO, UTC). */
export function labelled(
  label: string,
  at: string,
  pair = 'shop',
  random = '3fa9c1',
): BackupRecord {
  const time = at.replace(/[-:]/g, '');
  const id = `${time}-${slugOf(label)}-${random}`;
  const record = { ...sampleBackup(new Date(at)), id, pair, label };
  return { ...record, manifest: { ...record.manifest, key: manifestKey(record) } };
}

/**
 * Stores backups as a run does: parts, and the commit. Into the folder `path` of a file store without its
 * fsyncs, which take most of a test's time.
 */
export async function shelve(
  store: Store,
  records: readonly BackupRecord[],
  path?: string,
): Promise<void> {
  const limit = pLimit(32);
  const put = async (key: string, body: string) => {
    if (path === undefined) await store.put(key, Buffer.from(body));
    else {
      await mkdir(join(path, key, '..'), { recursive: true });
      await writeFile(join(path, key), body);
    }
  };
  const shelveOne = async (record: BackupRecord) => {
    await put(`${backupPrefix(record)}data/shop/orders.sql.zst`, record.id);
    await put(record.manifest.key, 'manifest');
    await put(commitKey(record), sealRecord(record));
  };
  await Promise.all(records.map((record) => limit(() => shelveOne(record))));
}

/** Every key of a store. */
export async function keysOf(store: Store): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
}

/** The ids whose folders hold anything. */
export async function idsIn(store: Store): Promise<string[]> {
  return await store.folders('shop/backups/');
}
