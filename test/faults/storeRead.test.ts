import {
  DeleteBucketLifecycleCommand,
  PutBucketLifecycleConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { buffer, text } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from 'vitest';
import { expectOnly, hasty, large, patience, small, stored, storeBench } from './bench.js';
import type { Rule } from './proxy.js';

const bench = storeBench();

describe('a read', () => {
  beforeEach(async () => {
    await bench.straight.put('x', large);
  });

  it('goes on where a connection broke', async () => {
    bench.proxy.fail({ on: 'GetObject', cutAfter: 1_000_000, times: 1 });
    bench.proxy.fail({ on: 'GetRange', cutAfter: 1_000_000, times: 5 });
    expect((await buffer(await bench.store.get('x'))).equals(large)).toBe(true);
    expect(bench.proxy.count('GetRange')).toBe(6);
  });

  it('goes on where the service fell silent', async () => {
    bench.proxy.fail({ on: 'GetObject', cutAfter: 1_000_000, times: 1 });
    bench.proxy.fail({ on: 'GetRange', stall: true, times: 1 });
    expect((await buffer(await bench.hasty.get('x'))).equals(large)).toBe(true);
  });

  it('outlives a reader that is busy for longer than a silence', async () => {
    const body = await bench.hasty.get('x');
    const chunks: Buffer[] = [];
    for await (const chunk of body) {
      if (chunks.length === 0) await sleep(3 * hasty.silence);
      chunks.push(chunk as Buffer);
    }
    expect(Buffer.concat(chunks).equals(large)).toBe(true);
    expect(bench.proxy.count('GetRange')).toBe(1);
  });

  it('never mixes two versions of an object', async () => {
    bench.proxy.fail({ on: 'GetObject', cutAfter: 1_000_000, times: 1 });
    const body = await bench.store.get('x');
    await bench.straight.put('x', randomBytes(large.length));
    await expect(buffer(body)).rejects.toThrow(/PreconditionFailed/);
  });

  it('fails when the service stays away', async () => {
    bench.proxy.fail({ on: 'GetObject', cutAfter: 1_000_000, times: 1 });
    bench.proxy.fail({ on: 'GetRange', answer: { status: 503, code: 'SlowDown' } });
    await expect(buffer(await bench.store.get('x'))).rejects.toThrow(/SlowDown/);
    expect(bench.proxy.count('GetRange')).toBe(patience.attempts);
  });
});

describe('short requests', () => {
  const passing: [string, Omit<Rule, 'on'>][] = [
    ['500', { answer: { status: 500, code: 'InternalError' }, times: 2 }],
    ['503', { answer: { status: 503, code: 'SlowDown' }, times: 3 }],
    ['429', { answer: { status: 429, code: 'TooManyRequests' }, times: 2 }],
    ['408', { answer: { status: 408, code: 'RequestTimeout' }, times: 2 }],
    ['a stall', { stall: true, times: 1 }],
    ['a lost answer', { instead: 'reset', times: 1 }],
  ];
  it.each(passing)('is mended in everything else: %s', async (_name, rule) => {
    await bench.straight.put('a/x', small);
    for (const on of ['ListObjects', 'GetObject', 'ListMultipartUploads', 'DeleteObjects'])
      bench.proxy.fail({ ...rule, on });
    const store = rule.stall ? bench.hasty : bench.store;
    expect(await store.folders('')).toEqual(['a']);
    expect(await text(await store.get('a/x'))).toBe('small');
    expect(await store.sweep('')).toBe(0);
    await store.delete(['a/x']);
    await expectOnly(bench);
    expect(bench.proxy.count('DeleteObjects')).toBe(rule.times! + 1);
  });

  it('is told when the service is silent', async () => {
    bench.proxy.fail({ on: 'HeadObject', stall: true });
    await expect(bench.hasty.head('x')).rejects.toThrow(
      `${bench.proxy.url} does not answer in time`,
    );
    expect(bench.proxy.count('HeadObject')).toBe(patience.attempts);
  });

  it('fail within seconds where nothing answers', async () => {
    await bench.proxy.refuse();
    try {
      await expect(bench.store.head('x')).rejects.toThrow(`nothing answers at ${bench.proxy.url}`);
      await expect(bench.store.folders('')).rejects.toThrow(
        `nothing answers at ${bench.proxy.url}`,
      );
    } finally {
      await bench.proxy.listen();
    }
  });
});

describe('less able services', () => {
  const keys = ['a/1', 'a/2', 'b/3', 'c/4', 'd'];
  const fill = (): Promise<unknown> =>
    Promise.all(keys.map((key) => bench.straight.put(key, small)));

  it('are listed page by page', async () => {
    await fill();
    bench.proxy.fail({ on: 'ListObjects', change: (url) => url.searchParams.set('max-keys', '2') });
    const found = [];
    for await (const { key } of bench.store.list('')) found.push(key);
    expect(found).toEqual(keys);
    expect(bench.proxy.count('ListObjects')).toBe(3);
    expect(await bench.store.folders('')).toEqual(['a', 'b', 'c']);
  });

  it.each([400, 501])('remove one by one where removing together ends in %i', async (status) => {
    await fill();
    bench.proxy.fail({ on: 'DeleteObjects', answer: { status, code: 'NotImplemented' } });
    await bench.store.delete(keys.slice(1));
    await expectOnly(bench, 'a/1');
    expect(bench.proxy.count('DeleteObject')).toBe(4);
  });

  it('need not know of unfinished uploads', async () => {
    const answer = { status: 501, code: 'NotImplemented' };
    bench.proxy.fail({ on: 'ListMultipartUploads', answer });
    expect(await bench.store.sweep('')).toBe(0);
  });
});

describe('the probe', () => {
  it('warns of a service that ignores conditional writes', async () => {
    bench.proxy.fail({
      on: 'PutObject',
      change: (_url, headers) => delete headers['if-none-match'],
    });
    const results = await bench.store.probe();
    expect(results.find(({ name }) => name === 'conditional write')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('ignores conditional writes') as string,
    });
  });

  it('says what it cannot reach, and stops', async () => {
    await bench.proxy.refuse();
    const results = await bench.store.probe();
    await bench.proxy.listen();
    expect(results).toMatchObject([{ name: 'reach', status: 'fail' }]);
    expect(results[0]!.detail).toContain(`nothing answers at ${bench.proxy.url}`);
  });

  it('says what it may not do, leaves nothing, and stops', async () => {
    bench.proxy.fail({ on: 'GetObject', answer: { status: 403, code: 'AccessDenied' } });
    const results = await bench.store.probe();
    const expected = [
      ['reach', 'ok'],
      ['write', 'ok'],
      ['read', 'fail'],
    ];
    expect(results.map(({ name, status }) => [name, status])).toEqual(expected);
    expect(results[2]!.detail).toContain('s3:GetObject');
    await expectOnly(bench);
  });

  it('warns of unfinished uploads', async () => {
    bench.proxy.fail({ on: 'AbortMultipartUpload', answer: { status: 403, code: 'AccessDenied' } });
    bench.proxy.fail({ on: 'UploadPart', answer: { status: 403, code: 'AccessDenied' } });
    await expect(bench.store.put('x', large)).rejects.toThrow(/^may not write/);
    bench.proxy.clear();
    const results = await bench.store.probe();
    expect(results.find(({ name }) => name === 'unfinished uploads')).toMatchObject({
      status: 'warn',
    });
    expect(await bench.store.sweep('')).toBe(1);
  });

  it('warns of a bucket whose unfinished uploads nobody removes', async () => {
    const lifecycle = async () =>
      (await bench.store.probe()).find(({ name }) => name === 'lifecycle')?.status;
    const { endpoint, bucket: Bucket, credentials } = bench.options;
    const region = 'us-east-1';
    const client = new S3Client({
      endpoint: endpoint!,
      region,
      forcePathStyle: true,
      credentials: credentials!,
    });
    const setRule = (Prefix: string) => {
      const AbortIncompleteMultipartUpload = { DaysAfterInitiation: 3 };
      const rule = {
        Status: 'Enabled',
        Filter: { Prefix },
        AbortIncompleteMultipartUpload,
      } as const;
      const LifecycleConfiguration = { Rules: [rule] };
      return client.send(
        new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }),
      );
    };
    try {
      expect(await lifecycle()).toBe('warn');
      await setRule('elsewhere/');
      expect(await lifecycle()).toBe('warn');
      await setRule('faults/');
      expect(await lifecycle()).toBe('ok');
      bench.proxy.fail({ on: 'Lifecycle', answer: { status: 403, code: 'AccessDenied' } });
      expect(await lifecycle()).toBe('ok');
    } finally {
      await client.send(new DeleteBucketLifecycleCommand({ Bucket }));
      client.destroy();
    }
  });
});

describe('a write that its caller looks at in the end', () => {
  it.each([
    ['small', small, 0],
    ['large', large, 1],
  ])('is read back only when it is large: %s', async (_name, bytes, heads) => {
    expect(await bench.store.put('x', bytes, { readBack: false })).toEqual({
      bytes: bytes.length,
    });
    expect(bench.proxy.count('HeadObject')).toBe(heads);
    expect((await stored(bench, 'x')).equals(bytes)).toBe(true);
  });
});
