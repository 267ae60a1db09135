import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { execa } from 'execa';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { putDrill } from '../../src/catalog/drills.js';
import { sealRecord } from '../../src/catalog/seal.js';
import { readIndex, writeIndex } from '../../src/catalog/storedIndex.js';
import type { Config } from '../../src/config/schema.js';
import { prune } from '../../src/prune.js';
import { commitKey, indexKey } from '../../src/store/keys.js';
import { openStore } from '../../src/store/open.js';
import { waitFor } from '../../src/util/wait.js';
import { s3 } from '../rig/s3Shared.js';
import { sampleDrill } from '../support/sampleDrill.js';
import { nights, storeOnlyConfig } from '../support/shelf.js';
import { proxyForFile } from './proxy.js';

const credentials = { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey };
const env = { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey };
const kept = 75;
const drills = 35;

const proxy = await proxyForFile(s3.endpoint);
beforeAll(() => void Object.assign(process.env, env));

/** A store of 77 nights, of which the rules keep 75, and 35 drills. `list` is that of a machine that has read nothing. */
async function shelf() {
  const folder = await mkdtemp(join(tmpdir(), 'stillpoint-index-'));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  const prefix = `indexed/${randomBytes(4).toString('hex')}`;
  const { bucket, region } = s3;
  const place = {
    type: 's3' as const,
    bucket,
    prefix,
    region,
    forcePathStyle: true,
    maxAttempts: 2,
  };
  const rules = { keepLast: kept };
  const { config } = await storeOnlyConfig(folder, { ...place, endpoint: proxy.url }, rules);
  const store = await openStore({ ...place, endpoint: s3.endpoint, credentials });
  onTestFinished(() => store.close());
  const records = nights(kept + 2);
  const limit = pLimit(16);
  const put = async (record: (typeof records)[number], at: number) => {
    await store.put(commitKey(record), Buffer.from(sealRecord(record)));
    if (at >= records.length - drills) await putDrill(store, sampleDrill(record));
  };
  await Promise.all(records.map((record, at) => limit(() => put(record, at))));
  const list = async (...args: string[]) => {
    const own = join(folder, randomBytes(4).toString('hex'));
    const { file } = await storeOnlyConfig(own, { ...place, endpoint: proxy.url }, rules);
    proxy.requests.length = 0;
    const command = ['bin/stillpoint.js', '-c', file, ...args];
    const { stdout } = await execa(process.execPath, command, { env, stdin: 'ignore' });
    const isWriting = proxy.requests.some(({ method }) => !['GET', 'HEAD'].includes(method));
    return { stdout, reads: proxy.count('GetObject'), isWriting };
  };
  return { config, store, list };
}

/** Prunes again until something has come true. */
async function pruneUntil(config: Config, isSo: () => Promise<boolean>): Promise<true | null> {
  const isSoNow = async () => {
    if (await isSo()) return true;
    await prune(config);
    return null;
  };
  return await waitFor(isSoNow, { within: 60 });
}

test.each([
  ['list', '--json'],
  ['prune', '--dry-run', '--json'],
])('%s on a machine that has read nothing reads the index, and says the same', async (...args) => {
  const { config, store, list } = await shelf();
  expect(await prune(config)).toMatchObject({ removed: 2, kept });
  // A prune has a few seconds for it. On a machine that is busy another one does the rest.
  const isWhole = async () => {
    if ((await readIndex(store, 'shop')).drills.size === drills) return true;
    await store.delete([indexKey('shop')]);
    return false;
  };
  expect(await pruneUntil(config, isWhole)).toBe(true);
  const quick = await list(...args);
  expect(quick.reads).toBeLessThanOrEqual(1 + 64);
  expect(quick.isWriting).toBe(false);
  await store.delete([indexKey('shop')]);
  const slow = await list(...args);
  expect(slow.reads).toBe(1 + kept + drills);
  expect(slow.isWriting).toBe(false);
  expect(quick.stdout).toBe(slow.stdout);
});

test('a prune that may not write the index has done its work all the same', async () => {
  const { config, store, list } = await shelf();
  const denied = { status: 403, code: 'AccessDenied' };
  proxy.fail({ on: 'PutObject', at: /index\.jsonl\.zst$/, answer: denied });
  expect(await prune(config)).toMatchObject({ status: 'pruned', removed: 2, warnings: [] });
  const isTried = () =>
    Promise.resolve(
      proxy.requests.some(
        ({ operation, url }) =>
          operation === 'PutObject' && url.pathname.endsWith('index.jsonl.zst'),
      ),
    );
  expect(await pruneUntil(config, isTried)).toBe(true);
  expect(await store.head(indexKey('shop'))).toBeNull();
  expect(JSON.parse((await list('list', '--json')).stdout)).toHaveLength(kept);
});

test('a prune whose index is never answered ends when it is told to', async () => {
  const { config, store } = await shelf();
  proxy.fail({ on: 'PutObject', at: /index\.jsonl\.zst$/, stall: true });
  const ending = new AbortController();
  const pruning = prune(config, { signal: ending.signal });
  const isAsked = () =>
    Promise.resolve(
      proxy.requests.some(
        ({ operation, url }) => operation === 'PutObject' && url.pathname.includes('index.jsonl'),
      ) || null,
    );
  expect(await waitFor(isAsked, { within: 60 })).toBe(true);
  ending.abort(new Error('enough'));
  expect(await pruning).toMatchObject({ status: 'pruned', removed: 2 });
  expect(await store.head(indexKey('shop'))).toBeNull();
});

test('where Object Lock holds every object, a newer index stands before the older one', async () => {
  const client = new S3Client({ ...s3, forcePathStyle: true, credentials });
  onTestFinished(() => client.destroy());
  const bucket = `locked-${randomBytes(4).toString('hex')}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
  const { endpoint, region } = s3;
  const objectLock = { mode: 'compliance' as const, days: 1 };
  const place = { type: 's3' as const, bucket, endpoint, region, forcePathStyle: true, objectLock };
  const store = await openStore({ ...place, credentials });
  onTestFinished(() => store.close());
  for (const count of [3, 5]) {
    const backups = new Map(nights(count).map((record) => [record.id, record]));
    await writeIndex(store, 'shop', { backups, drills: new Map() });
    expect((await readIndex(store, 'shop')).backups).toEqual(backups);
  }
  expect((await store.head(indexKey('shop')))?.lock).toBeDefined();
});
