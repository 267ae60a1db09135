import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { execa } from 'execa';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { readCatalog } from '../../src/catalog/listing.js';
import { listMarks } from '../../src/catalog/pruning.js';
import { prune } from '../../src/prune.js';
import { openStore } from '../../src/store/open.js';
import { commitKey } from '../../src/store/keys.js';
import type { Store } from '../../src/store/store.js';
import { pruneSteps } from '../../src/util/observe.js';
import { s3 } from '../rig/s3Shared.js';
import { idsIn, keysOf, nights, shelve, storeOnlyConfig } from '../support/shelf.js';
import { proxyForFile } from './proxy.js';

const credentials = { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey };
const env = { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey };
const signalAt = new URL('../support/signalAt.js', import.meta.url).pathname;
const rules = { keepLast: 2 };

const proxy = await proxyForFile(s3.endpoint);
beforeAll(() => void Object.assign(process.env, env));

interface Shelf {
  folder: string;
  file: string;
  config: Awaited<ReturnType<typeof storeOnlyConfig>>['config'];
  store: Store;
  ids: string[];
}

/** A store of five nights, of which the rules keep two. */
async function shelf(kind: 'file' | 's3', bucket = s3.bucket): Promise<Shelf> {
  const folder = await mkdtemp(join(tmpdir(), 'stillpoint-prune-'));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  const place =
    kind === 'file'
      ? { type: 'file' as const, path: join(folder, 'store') }
      : {
          type: 's3' as const,
          bucket,
          prefix: `prune/${randomBytes(4).toString('hex')}`,
          region: s3.region,
          endpoint: proxy.url,
          forcePathStyle: true,
          maxAttempts: 2,
        };
  const { file, config } = await storeOnlyConfig(folder, place, rules);
  const store = await openStore(place.type === 's3' ? { ...place, credentials } : place);
  onTestFinished(() => store.close());
  const records = nights(5);
  await shelve(store, records);
  return { folder, file, config, store, ids: records.map(({ id }) => id) };
}

describe.each([
  ['file', pruneSteps],
  ['s3', ['mark', 'remove-parts']],
] as const)('a prune that is killed (%s)', (kind, steps) => {
  test.each(steps)(
    'at %s: each backup is whole or not listed, the next one does the rest',
    async (step) => {
      const { file, config, store, ids } = await shelf(kind);
      const args = [signalAt, step, 'SIGKILL', '-c', file, 'prune', '--yes'];
      const ended = await execa(process.execPath, args, { reject: false, stdin: 'ignore', env });
      expect(ended.signal, ended.stderr).toBe('SIGKILL');
      const { backups } = await readCatalog(store, 'shop');
      const keys = await keysOf(store);
      for (const { id } of backups)
        expect(keys.filter((key) => key.includes(`/backups/${id}/`))).toHaveLength(3);
      expect(backups.map(({ id }) => id)).toEqual(step === 'remove-parts' ? ids.slice(1) : ids);

      const next = await prune(config);
      expect(next.swept).toEqual(step === 'remove-parts' ? ids.slice(0, 1) : []);
      expect(await idsIn(store)).toEqual(ids.slice(-2));
      expect(await keysOf(store)).toHaveLength(2 * 3);
    },
  );
});

describe('a prune whose store fails', () => {
  test('between commit and parts: the next one does the rest', async () => {
    const { config, store, ids } = await shelf('s3');
    // The first is the trial, the second the commit's.
    proxy.fail({ on: 'DeleteObjects', after: 2, answer: { status: 503, code: 'SlowDown' } });
    await expect(prune(config)).rejects.toMatchObject({ code: 'failed' });
    proxy.clear();
    expect((await readCatalog(store, 'shop')).backups.map(({ id }) => id)).toEqual(ids.slice(1));
    expect(await prune(config)).toMatchObject({ swept: [ids[0]], removed: 2 });
    expect(await keysOf(store)).toHaveLength(2 * 3);
  });

  test('and that loses the answer to the removal of a commit', async () => {
    const { config, store, ids } = await shelf('s3');
    proxy.fail({ on: 'DeleteObjects', after: 1, times: 2, instead: 'reset' });
    await expect(prune(config)).rejects.toMatchObject({ code: 'failed' });
    proxy.clear();
    expect((await listMarks(store, 'shop')).map(({ id }) => id)).toEqual(ids.slice(0, 1));
    expect(await prune(config)).toMatchObject({ swept: [ids[0]], removed: 2 });
  });
});

describe('credentials that may not delete', () => {
  const denied = { status: 403, code: 'AccessDenied' };

  test('prune says so before it has touched anything', async () => {
    const { config, store, ids } = await shelf('s3');
    proxy.fail({ on: /^Delete/, answer: denied });
    await expect(prune(config)).rejects.toMatchObject({
      message: expect.stringContaining('prune may not remove anything: may not remove') as string,
      hint: expect.stringContaining('retention.profile') as string,
    });
    proxy.clear();
    expect((await readCatalog(store, 'shop')).backups.map(({ id }) => id)).toEqual(ids);
    expect(await listMarks(store, 'shop')).toEqual([]);
  });
});

describe('a bucket with Object Lock', () => {
  const client = new S3Client({
    endpoint: s3.endpoint,
    region: s3.region,
    forcePathStyle: true,
    credentials,
  });
  afterAll(() => client.destroy());

  /** A bucket that locks every object for so many days; null for none that is not asked for. */
  async function lockingBucket(Days: number | null): Promise<string> {
    const Bucket = `locked-${randomBytes(4).toString('hex')}`;
    await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
    if (Days === null) return Bucket;
    const Rule = { DefaultRetention: { Mode: 'COMPLIANCE' as const, Days } };
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled' as const, Rule };
    await client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
    return Bucket;
  }

  test('what is locked stays listed until the lock has ended, and the run succeeds', async () => {
    const { config, store, ids } = await shelf('s3', await lockingBucket(30));
    const plan = await prune(config, { dryRun: true });
    const result = await prune(config);
    for (const { kept, removed, locked, bytes } of [plan, result])
      expect({ kept, removed, locked, bytes }).toEqual({
        kept: 2,
        removed: 0,
        locked: 3,
        bytes: 0,
      });
    const [first] = result.backups;
    expect(first!.outcome).toBe('locked');
    const days = (Date.parse(first!.lockedUntil!) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(30);
    expect((await readCatalog(store, 'shop')).backups.map(({ id }) => id)).toEqual(ids);
  });

  test('what is not goes, and it says that old versions still take space', async () => {
    const bucket = await lockingBucket(null);
    const { config, store, ids } = await shelf('s3', bucket);
    expect(await prune(config)).toMatchObject({ removed: 3, locked: 0, keepsVersions: true });
    const { backups } = await readCatalog(store, 'shop');
    expect(backups.map(({ id }) => id)).toEqual(ids.slice(-2));
    const { Versions = [] } = await client.send(
      new ListObjectVersionsCommand({
        Bucket: bucket,
        Prefix: store.url.split('/').slice(3).join('/'),
      }),
    );
    const old = Versions.find(({ Key = '' }) =>
      Key.endsWith(commitKey({ pair: 'shop', id: ids[0]! })),
    )!;
    await client.send(
      new GetObjectCommand({ Bucket: bucket, Key: old.Key!, VersionId: old.VersionId! }),
    );
  });
});

test('on the command line: pin, list, a dry run, a question that nobody can answer, unpin', async () => {
  const { file, store, ids } = await shelf('file');
  const run = async (...args: string[]) =>
    await execa(process.execPath, ['bin/stillpoint.js', '-c', file, ...args], {
      reject: false,
      stdin: 'ignore',
    });
  const [first = ''] = ids;
  const pinned = await run('pin', first, '--keep', '14d', '--reason', 'before\nthe migration');
  expect(pinned.stdout).toMatch(new RegExp(`^backup ${first} is pinned until \\d{4}-`));
  const list = JSON.parse((await run('list', '--json')).stdout) as { pinned: object | null }[];
  expect(list.map((one) => one.pinned !== null)).toEqual([true, false, false, false, false]);
  expect((await run('list')).stdout).toMatch(/ pinned\n.* until \d{4}-\d\d-\d\d\n.* -\n/);

  const plan = await run('prune', '--dry-run');
  expect(plan.stdout).toMatch(/ stays\s+pinned until .* by \S+@\S+: before\\nthe migration\n/);
  expect(plan.stdout).toMatch(/ goes\s+older than the rules reach\n/);
  expect(plan.stdout).toMatch(/\nwould remove 2 backups of shop \(.* stored\), 3 stay$/);
  const unasked = await run('prune');
  expect(unasked.exitCode).toBe(2);
  expect(unasked.stderr).toMatch(/this would remove 2 backups \(.* stored\) of shop from file:/);
  expect(await idsIn(store)).toEqual(ids);

  expect((await run('unpin', first)).exitCode).toBe(0);
  const done = await run('prune', '--yes');
  expect(done.stdout).toMatch(/\nremoved 3 backups of shop \(.* stored\), 2 stay$/);
  expect(await idsIn(store)).toEqual(ids.slice(-2));
});

test('prune --all: every pair on its own, and one that fails ends no other', async () => {
  const { folder, file, store, ids } = await shelf('file');
  const document = parse(await readFile(file, 'utf8')) as {
    pairs: Record<string, Record<string, unknown>>;
  };
  // A profile of AWS is nothing for a folder.
  document.pairs['crm'] = { ...document.pairs['shop'], retention: { ...rules, profile: 'x' } };
  const both = join(folder, 'both.yaml');
  await writeFile(both, stringify(document));
  const run = async (...args: string[]) =>
    await execa(process.execPath, ['bin/stillpoint.js', '-c', both, 'prune', '--all', ...args], {
      reject: false,
      stdin: 'ignore',
    });
  expect((await run('--dry-run')).exitCode).toBe(3);
  expect(await idsIn(store)).toEqual(ids);
  const done = await run('--yes', '--json');
  expect(done.exitCode).toBe(3);
  expect(JSON.parse(done.stdout)).toMatchObject([
    { pair: 'shop', status: 'pruned', kept: 2, removed: 3 },
    { pair: 'crm', status: 'failed', error: { code: 'config' } },
  ]);
  expect(await idsIn(store)).toEqual(ids.slice(-2));
});
