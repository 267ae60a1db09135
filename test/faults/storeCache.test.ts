import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { putDrill } from '../../src/catalog/drills.js';
import { sealRecord } from '../../src/catalog/seal.js';
import { makeReport } from '../../src/makeReport.js';
import { statusOf } from '../../src/status.js';
import { commitKey, drillKey } from '../../src/store/keys.js';
import { openStore } from '../../src/store/open.js';
import { s3 } from '../rig/s3Shared.js';
import { sampleDrill } from '../support/sampleDrill.js';
import { nights, storeOnlyConfig } from '../support/shelf.js';
import { ownFolder } from '../unit/util/folder.js';
import { startProxy, type Proxy } from './proxy.js';

const credentials = { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey };

let proxy: Proxy;
beforeAll(async () => {
  process.env['AWS_ACCESS_KEY_ID'] = s3.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = s3.secretAccessKey;
  proxy = await startProxy(s3.endpoint);
});
afterAll(() => proxy.close());

/** A bucket of 120 nights, of which every tenth was drilled, and how many objects something reads of it. */
async function shelf() {
  const { bucket, region } = s3;
  const prefix = `cache/${randomBytes(4).toString('hex')}`;
  const place = { bucket, prefix, region, endpoint: proxy.url, forcePathStyle: true };
  const { config } = await storeOnlyConfig(await ownFolder(), { type: 's3', ...place }, null);
  const store = await openStore({ type: 's3', ...place, credentials });
  const records = nights(120);
  const drills = records.filter((_, i) => i % 10 === 0).map((record) => sampleDrill(record));
  await Promise.all([
    ...records.map((record) => store.put(commitKey(record), Buffer.from(sealRecord(record)))),
    ...drills.map((drill) => putDrill(store, drill)),
  ]);
  const reads = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
    const before = proxy.count('GetObject');
    return [await work(), proxy.count('GetObject') - before];
  };
  return { config, store, records, drills, reads };
}

test('status and report read again only what is new or shown', async () => {
  const { config, store, records, drills, reads } = await shelf();
  const status = async () => await statusOf(config, 'shop');
  const [first, read] = await reads(status);
  expect(first).toMatchObject({ lastBackup: records.at(-1), lastDrill: drills.at(-1) });
  expect(first.lastProof).toEqual(drills.at(-1));
  expect(read).toBe(1 + drills.length + 1);
  expect((await reads(status))[1]).toBe(2);

  const failed = { ...sampleDrill(records.at(-1)!), status: 'failed' as const, reason: 'rows' };
  await putDrill(store, failed);
  const [after, again] = await reads(status);
  expect(after).toMatchObject({ lastDrill: failed, lastProof: drills.at(-1) });
  // The newest backup, the new drill for its verdict, and both drills that are shown.
  expect(again).toBe(4);

  await store.put(drillKey('shop', failed.id), Buffer.from('{}'));
  expect((await status()).lastDrill).toEqual(drills.at(-1));
  await store.delete([drillKey('shop', failed.id)]);

  const report = async () => await makeReport(config, { pair: 'shop' });
  const [page, all] = await reads(report);
  expect(all).toBe(records.length + drills.length);
  const [next, some] = await reads(report);
  expect(next).toMatchObject({ backups: page.backups, drills: page.drills });
  // Of the backups the newest and a handful, as ever; of the drills all, since the page shows all of each.
  expect(some).toBeLessThanOrEqual(64 + drills.length);
  await store.close();
});
