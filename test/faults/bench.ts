import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { openS3Store } from '../../src/store/s3.js';
import type { S3Options } from '../../src/store/s3/options.js';
import type { Store } from '../../src/store/store.js';
import { waitFor } from '../../src/util/wait.js';
import { s3 } from '../rig/s3Shared.js';
import { startProxy, type Proxy } from './proxy.js';

export const partSize = 5 * 1024 * 1024;
export const small = Buffer.from('small');
/** Four parts. */
export const large = randomBytes(3 * partSize + 1000);

/** Times short enough to fail in. */
export const patience = {
  attempts: 6,
  unreachable: 4,
  firstDelay: 5,
  longestDelay: 20,
  // Much longer than the service takes to answer on a machine that is busy with everything else.
  silence: 30_000,
  cleanUp: 30_000,
};

/** For tests that wait for a silence to end. */
export const hasty = { ...patience, silence: 1500 };

/** What a test of this folder works with; filled before each. */
export interface Bench {
  options: S3Options;
  proxy: Proxy;
  /** The store under test, behind the proxy. */
  store: Store;
  /** The same, which soon takes a service for silent. */
  hasty: Store;
  /** The same place, reached without it. */
  straight: Store;
}

/** A store behind a proxy, under a prefix of its own for each test of the file. */
export function storeBench(): Bench {
  const bench = {} as Bench;
  beforeAll(async () => {
    const { endpoint, bucket, accessKeyId, secretAccessKey } = s3;
    const credentials = { accessKeyId, secretAccessKey };
    bench.options = { bucket, endpoint, credentials, forcePathStyle: true, partSize };
    bench.proxy = await startProxy(endpoint);
  });
  afterAll(() => bench.proxy.close());
  beforeEach(() => {
    const options = { ...bench.options, prefix: `faults/${randomBytes(4).toString('hex')}` };
    const proxied = { ...options, endpoint: bench.proxy.url };
    bench.store = openS3Store(proxied, patience);
    bench.hasty = openS3Store(proxied, hasty);
    bench.straight = openS3Store(options, patience);
  });
  afterEach(async () => {
    bench.proxy.clear();
    await Promise.all([bench.store, bench.hasty, bench.straight].map((one) => one.close()));
  });
  return bench;
}

/** Waits until the proxy has had so many requests of an operation. */
export async function untilAsked({ proxy }: Bench, operation: string, count = 1): Promise<void> {
  const isAsked = () => Promise.resolve(proxy.count(operation) >= count || null);
  expect(await waitFor(isAsked, { within: 30 })).toBe(true);
}

/** What is stored under the key, read past the proxy. */
export async function stored({ straight }: Bench, key: string): Promise<Buffer> {
  return buffer(await straight.get(key));
}

/** Expects these objects, and no other and no unfinished upload, in the test's place. */
export async function expectOnly({ straight }: Bench, ...keys: string[]): Promise<void> {
  const found = [];
  for await (const { key } of straight.list('')) found.push(key);
  expect(found).toEqual(keys);
  expect(await straight.sweep('')).toBe(0);
}
