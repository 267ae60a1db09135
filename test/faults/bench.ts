import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { openS3Store } from '../../src/store/s3.js';
import type { S3Options } from '../../src/store/s3/options.js';
import type { Store } from '../../src/store/store.js';
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
  // Longer than the service takes to answer on a machine that is busy with everything else.
  silence: 1500,
  cleanUp: 5000,
};

/** What a test of this folder works with; filled before each. */
export interface Bench {
  options: S3Options;
  proxy: Proxy;
  /** The store under test, behind the proxy. */
  store: Store;
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
    bench.store = openS3Store({ ...options, endpoint: bench.proxy.url }, patience);
    bench.straight = openS3Store(options, patience);
  });
  afterEach(async () => {
    bench.proxy.clear();
    await Promise.all([bench.store.close(), bench.straight.close()]);
  });
  return bench;
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
