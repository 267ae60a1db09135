import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { backupRecordSchema, type BackupRecord, type Manifest } from '../../src/catalog/records.js';
import { sealRecord } from '../../src/catalog/seal.js';
import { unzstd, zstd } from '../../src/catalog/zstd.js';

/** Changes the record of a backup in a folder, and seals it again, as a forger with time would. */
export async function rewriteRecord(
  storePath: string,
  id: string,
  change: (record: BackupRecord) => BackupRecord,
): Promise<void> {
  const path = join(storePath, 'shop/backups', id, 'backup.json');
  const record = backupRecordSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  await writeFile(path, sealRecord(change(record)));
}

/** Changes the manifest of a backup in a folder, so that every sum still fits. */
export async function rewriteManifest(
  storePath: string,
  id: string,
  change: (manifest: Manifest) => void,
): Promise<void> {
  const path = join(storePath, 'shop/backups', id, 'manifest.json.zst');
  const manifest = JSON.parse((await unzstd(await readFile(path))).toString()) as Manifest;
  change(manifest);
  const bytes = await zstd(Buffer.from(JSON.stringify(manifest)));
  await writeFile(path, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await rewriteRecord(storePath, id, (record) => ({
    ...record,
    manifest: { ...record.manifest, bytes: bytes.length, sha256 },
  }));
}
