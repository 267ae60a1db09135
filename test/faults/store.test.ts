import { randomBytes } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { StillpointError } from '../../src/errors.js';
import { openS3Store } from '../../src/store/s3.js';
import { putObject } from '../../src/store/s3/put.js';
import { remoteOf } from '../../src/store/s3/remote.js';
import {
  expectOnly,
  large,
  partSize,
  patience,
  small,
  stored,
  storeBench,
  untilAsked,
} from './bench.js';
import type { Rule } from './proxy.js';

const bench = storeBench();
const streamOf = (bytes: Buffer): Readable => Readable.from([bytes], { objectMode: false });

/** Waits until so many connections were tried in all. */
async function connections(count: number): Promise<void> {
  let seen = 0;
  const see = (): void => {
    seen++;
  };
  subscribe('net.client.socket', see);
  try {
    await vi.waitFor(() => expect(seen).toBeGreaterThanOrEqual(count), {
      timeout: 30_000,
      interval: 1,
    });
  } finally {
    unsubscribe('net.client.socket', see);
  }
}

describe('what passes', () => {
  const passing: [string, Omit<Rule, 'on'>][] = [
    ['500', { answer: { status: 500, code: 'InternalError' }, times: 2 }],
    ['503', { answer: { status: 503, code: 'SlowDown' }, times: 3 }],
    ['429', { answer: { status: 429, code: 'TooManyRequests' }, times: 2 }],
    ['408', { answer: { status: 408, code: 'RequestTimeout' }, times: 2 }],
    ['a stall', { stall: true, times: 1 }],
    ['a lost answer', { instead: 'reset', times: 1 }],
  ];
  const writes = ['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload', 'HeadObject'];
  const cases = passing.flatMap(([name, rule]) =>
    ['PutObject', ...writes].map((on) => [name, on, { ...rule, on }] as const),
  );

  it.each(cases)('is mended in a write: %s of %s', async (_name, on, rule) => {
    const bytes = on === 'PutObject' ? small : large;
    bench.proxy.fail(rule);
    const store = rule.stall ? bench.hasty : bench.store;
    expect(await store.put('x', streamOf(bytes))).toEqual({ bytes: bytes.length });
    const lost = on === 'CompleteMultipartUpload' && rule.instead !== undefined;
    expect(bench.proxy.count(on)).toBeGreaterThan(lost ? 0 : rule.times!);
    expect((await stored(bench, 'x')).equals(bytes)).toBe(true);
    await expectOnly(bench, 'x');
  });

  it.each([0, 1, 2])('is mended: a reset in the middle of the body of part %i', async (after) => {
    bench.proxy.fail({ on: 'UploadPart', after, times: 2, resetAfter: 2_000_000 });
    await bench.store.put('x', streamOf(large));
    expect((await stored(bench, 'x')).equals(large)).toBe(true);
    await expectOnly(bench, 'x');
  });

  it('is mended: a service that goes away and comes back', async () => {
    bench.proxy.fail({ on: 'UploadPart', stall: true });
    const putting = bench.store.put('x', streamOf(large));
    await untilAsked(bench, 'UploadPart');
    const refused = connections(3);
    await bench.proxy.refuse();
    await refused;
    bench.proxy.clear();
    await bench.proxy.listen();
    expect(await putting).toEqual({ bytes: large.length });
    expect((await stored(bench, 'x')).equals(large)).toBe(true);
  });
});

describe('Complete', () => {
  const lost: [string, Rule['instead']][] = [
    ['lost', 'reset'],
    ['a 503', { status: 503, code: 'SlowDown' }],
    ['a 200 with an error in it', { status: 200, code: 'InternalError' }],
  ];

  it.each(lost)('is known to have been done when its answer is %s', async (_name, instead) => {
    bench.proxy.fail({ on: 'CompleteMultipartUpload', instead: instead! });
    expect(await bench.store.put('x', streamOf(large), { ifAbsent: true })).toEqual({
      bytes: large.length,
    });
    expect(bench.proxy.count('CompleteMultipartUpload')).toBe(1);
    await expectOnly(bench, 'x');
  });

  it('is known to have been done also when nobody can look at first', async () => {
    bench.proxy.fail({ on: 'CompleteMultipartUpload', instead: 'reset', times: 1 });
    bench.proxy.fail({ on: 'HeadObject', answer: { status: 503, code: 'SlowDown' }, times: 1 });
    await bench.store.put('x', streamOf(large), { ifAbsent: true });
    expect(bench.proxy.count('CompleteMultipartUpload')).toBe(2);
    await expectOnly(bench, 'x');
  });

  it('is tried again when it answers 200 with an error in it', async () => {
    const answer = { status: 200, code: 'InternalError' };
    bench.proxy.fail({ on: 'CompleteMultipartUpload', answer, times: 2 });
    await bench.store.put('x', streamOf(large));
    expect((await stored(bench, 'x')).equals(large)).toBe(true);
  });

  it('fails, and leaves nothing, when it never works', async () => {
    const answer = { status: 200, code: 'InternalError' };
    bench.proxy.fail({ on: 'CompleteMultipartUpload', answer });
    await expect(bench.store.put('x', streamOf(large))).rejects.toThrow(/InternalError/);
    expect(bench.proxy.count('CompleteMultipartUpload')).toBe(patience.attempts);
    await expectOnly(bench);
  });

  it('does not take the object of another for its own', async () => {
    await bench.straight.put('x', large);
    bench.proxy.fail({
      on: 'CompleteMultipartUpload',
      answer: { status: 500, code: 'InternalError' },
    });
    const other = randomBytes(large.length);
    await expect(bench.store.put('x', streamOf(other))).rejects.toThrow(/InternalError/);
    expect((await stored(bench, 'x')).equals(large)).toBe(true);
    await expectOnly(bench, 'x');
  });
});

describe('a conditional write', () => {
  it('knows its own object when the first answer was lost', async () => {
    bench.proxy.fail({ on: 'PutObject', instead: 'reset', times: 1 });
    await bench.store.put('x', small, { ifAbsent: true });
    expect(bench.proxy.count('PutObject')).toBe(2);
    await expectOnly(bench, 'x');
  });

  it('looks first where the service does not know the header', async () => {
    const answer = { status: 501, code: 'NotImplemented' };
    for (const [on, bytes] of [
      ['PutObject', small],
      ['CompleteMultipartUpload', large],
    ] as const) {
      bench.proxy.fail({ on, answer, times: 1 });
      await bench.store.put(on, streamOf(bytes), { ifAbsent: true });
      bench.proxy.fail({ on, answer, times: 1 });
      const second = bench.store.put(on, streamOf(bytes), { ifAbsent: true });
      await expect(second).rejects.toThrow(/exists already$/);
      expect((await stored(bench, on)).equals(bytes)).toBe(true);
    }
  });

  it('has lost where the service took it and then that of another', async () => {
    await bench.straight.put('other', small);
    const change = (url: URL) => (url.pathname = url.pathname.replace(/x$/, 'other'));
    bench.proxy.fail({ on: 'HeadObject', change });
    const put = bench.store.put('x', small, { ifAbsent: true });
    await expect(put).rejects.toThrow(/x exists already$/);
  });

  it.each([412, 409])('is refused by a %i', async (status) => {
    const code = status === 412 ? 'PreconditionFailed' : 'ConditionalRequestConflict';
    await bench.straight.put('x', small);
    bench.proxy.fail({ on: /^(PutObject|CompleteMultipartUpload)$/, answer: { status, code } });
    for (const body of [Buffer.from('other'), large])
      await expect(bench.store.put('x', body, { ifAbsent: true })).rejects.toMatchObject({
        code: 'failed',
        message: `${bench.store.url}/x exists already`,
      });
    expect(await stored(bench, 'x')).toEqual(small);
    await expectOnly(bench, 'x');
  });
});

describe('what does not pass', () => {
  const answers: [number, string, RegExp][] = [
    [403, 'AccessDenied', /^may not write s3:/],
    [403, 'InvalidAccessKeyId', /does not know the access key$/],
    [403, 'SignatureDoesNotMatch', /refuses the secret key$/],
    [400, 'ExpiredToken', /^the credentials for s3:.* have expired$/],
    [404, 'NoSuchBucket', /^no bucket /],
  ];

  it.each(answers)('fails at once: %i %s', async (status, code, message) => {
    bench.proxy.fail({ on: 'CreateMultipartUpload', answer: { status, code } });
    bench.proxy.fail({ on: 'PutObject', answer: { status, code } });
    for (const body of [small, large]) {
      const error = await bench.store.put('x', body).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(StillpointError);
      expect(error).toMatchObject({ message: expect.stringMatching(message) as string });
      expect((error as StillpointError).hint).toMatch(/^[A-Z]/);
    }
    expect(bench.proxy.count('PutObject') + bench.proxy.count('CreateMultipartUpload')).toBe(2);
    await expectOnly(bench);
  });

  it('ends the other parts, and leaves nothing', async () => {
    bench.proxy.fail({ on: 'UploadPart', answer: { status: 400, code: 'ExpiredToken' }, after: 1 });
    const body = streamOf(large);
    await expect(bench.store.put('x', body)).rejects.toThrow(/have expired$/);
    expect(body.destroyed).toBe(true);
    await expectOnly(bench);
  });

  it('ends a body that has nothing more to say', async () => {
    bench.proxy.fail({ on: 'UploadPart', answer: { status: 403, code: 'AccessDenied' } });
    const body = new Readable({ read: () => undefined });
    body.push(large.subarray(0, partSize + 1));
    await expect(bench.store.put('x', body)).rejects.toThrow(/^may not write/);
    expect(body.destroyed).toBe(true);
  });

  it('is told when nothing answers, and where', async () => {
    await bench.proxy.refuse();
    try {
      await expect(bench.store.put('x', large)).rejects.toThrow(
        `nothing answers at ${bench.proxy.url}`,
      );
    } finally {
      await bench.proxy.listen();
    }
  });

  it('is the error that counts, also when the clean-up fails', async () => {
    bench.proxy.fail({ on: 'UploadPart', answer: { status: 403, code: 'AccessDenied' } });
    bench.proxy.fail({
      on: 'AbortMultipartUpload',
      answer: { status: 500, code: 'InternalError' },
    });
    bench.proxy.fail({ on: 'HeadObject', answer: { status: 500, code: 'InternalError' } });
    await expect(bench.store.put('x', large)).rejects.toThrow(/^may not write/);
    expect(await bench.straight.sweep('')).toBe(1);
  });

  it('removes the object of a write that was done and is not known to be', async () => {
    bench.proxy.fail({ on: 'PutObject', instead: { status: 403, code: 'AccessDenied' } });
    await expect(bench.store.put('x', small)).rejects.toThrow(/^may not write/);
    await expectOnly(bench);
  });

  it('is noticed: a service that says done and keeps nothing', async () => {
    bench.proxy.fail({ on: 'PutObject', answer: { status: 200 } });
    await expect(bench.store.put('x', small)).rejects.toThrow(
      /has no object where 5 bytes were sent$/,
    );
  });

  it('shows no secret', async () => {
    const secretAccessKey = 'wJalrXUtnFEMIsecret';
    const sessionToken = 'FwoGZXIvYXdzEHctoken';
    const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey, sessionToken };
    const other = openS3Store(
      { ...bench.options, endpoint: bench.proxy.url, credentials },
      patience,
    );
    bench.proxy.fail({ answer: { status: 403, code: 'SignatureDoesNotMatch' } });
    const doings = [other.put('x', small), other.head('x'), other.get('x'), other.folders('')];
    for (const end of await Promise.allSettled(doings)) {
      const shown = inspect(end, { depth: Infinity, showHidden: true });
      expect(shown).toContain('StillpointError');
      expect(shown).not.toContain(secretAccessKey);
      expect(shown).not.toContain(sessionToken);
    }
    await other.close();
  });
});

describe('while a part is stalled', () => {
  const stalledPut = async (body: Readable, signal?: AbortSignal): Promise<unknown> => {
    bench.proxy.fail({ on: 'UploadPart', stall: true });
    const putting = bench.store
      .put('x', body, signal ? { signal } : {})
      .catch((error: unknown) => error);
    await untilAsked(bench, 'UploadPart');
    return putting;
  };

  it("the body's own error ends the write", async () => {
    const lost = new Error('mysqldump was killed');
    const body = new Readable({ read: () => undefined });
    body.push(large.subarray(0, partSize + 1));
    const putting = stalledPut(body);
    await untilAsked(bench, 'UploadPart');
    body.destroy(lost);
    expect(await putting).toBe(lost);
    await expectOnly(bench);
  });

  it('an abort ends the write', async () => {
    const abort = new AbortController();
    const reason = new StillpointError('interrupted', 'interrupted');
    const putting = stalledPut(streamOf(large), abort.signal);
    await untilAsked(bench, 'UploadPart');
    abort.abort(reason);
    expect(await putting).toBe(reason);
    await expectOnly(bench);
  });
});

describe('the memory of writes', () => {
  const remoteHere = () =>
    remoteOf({ ...bench.options, endpoint: bench.proxy.url, prefix: 'faults/memory' }, patience);

  it('is three parts of one write, and no more', async () => {
    bench.proxy.fail({ on: 'UploadPart', stall: true });
    const abort = new AbortController();
    let pulled = 0;
    const body = new Readable({
      highWaterMark: 1,
      read() {
        pulled += 65_536;
        this.push(large.subarray(0, 65_536));
      },
    });
    const putting = bench.store.put('x', body, { signal: abort.signal });
    await untilAsked(bench, 'UploadPart', 3);
    await bench.store.put('y', small);
    expect(bench.proxy.count('UploadPart')).toBe(3);
    expect(pulled).toBeLessThanOrEqual(3 * partSize + 2 * 65_536);
    abort.abort();
    await expect(putting).rejects.toThrow();
  });

  it('that was lent is given back', async () => {
    const remote = remoteHere();
    const put = (body: Readable) => putObject(remote, 'x', body, {});
    await put(streamOf(large));
    expect(remote.spare.bytes).toBe(partSize);
    const lost = new Error('lost');
    bench.proxy.fail({ on: 'UploadPart', stall: true });
    const body = new Readable({ read: () => undefined });
    body.push(large.subarray(0, 2 * partSize + 1));
    const putting = put(body);
    await vi.waitFor(() => expect(remote.spare.bytes).toBe(0), { timeout: 30_000 });
    body.destroy(lost);
    await expect(putting).rejects.toBe(lost);
    expect(remote.spare.bytes).toBe(partSize);
    remote.client.destroy();
  });
});
