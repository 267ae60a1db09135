import { CreateMultipartUploadCommand, S3Client } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { StillpointError } from '../../src/errors.js';
import { encodeName } from '../../src/store/keys.js';
import { openStore, type StoreConfig } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import { startProxy } from '../faults/proxy.js';
import { s3 } from '../rig/s3Shared.js';

const partSize = 5 * 1024 * 1024;

/** A store to try, and what only its kind knows. */
interface Subject {
  config: StoreConfig;
  /** Leaves an unfinished write of this key behind, as a run that died. */
  leaveUnfinished: (key: string) => Promise<void>;
  end: () => Promise<void>;
}

async function fileSubject(): Promise<Subject> {
  const path = await mkdtemp(join(tmpdir(), 'stillpoint-contract-'));
  return {
    config: { type: 'file', path, prefix: 'some/prefix' },
    async leaveUnfinished(key) {
      const folder = dirname(join(path, 'some/prefix', key));
      await mkdir(folder, { recursive: true });
      await writeFile(
        join(folder, `.stillpoint-unfinished-${randomBytes(4).toString('hex')}`),
        'x',
      );
    },
    end: () => rm(path, { recursive: true }),
  };
}

async function s3Subject(proxied: boolean): Promise<Subject> {
  const { bucket, endpoint: service, accessKeyId, secretAccessKey } = s3;
  const proxy = proxied ? await startProxy(service) : null;
  const credentials = { accessKeyId, secretAccessKey };
  const endpoint = proxy?.url ?? service;
  const prefix = `contract/${randomBytes(4).toString('hex')}`;
  const client = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true });
  return {
    config: { type: 's3', bucket, prefix, endpoint, credentials, forcePathStyle: true, partSize },
    async leaveUnfinished(key) {
      const Key = `${prefix}/${key}`;
      await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
    },
    async end() {
      client.destroy();
      await proxy?.close();
    },
  };
}

const subjects: [string, () => Promise<Subject>][] = [
  ['file', fileSubject],
  ['s3', () => s3Subject(false)],
  ['s3 through a proxy', () => s3Subject(true)],
];

describe.each(subjects)('a store: %s', (_name, makeSubject) => {
  let subject: Subject;
  let store: Store;
  beforeAll(async () => {
    subject = await makeSubject();
    store = await openStore(subject.config);
  });
  afterAll(async () => {
    await store.close();
    await subject.end();
  });

  const read = async (key: string): Promise<Buffer> => buffer(await store.get(key));
  const keysUnder = async (prefix: string): Promise<string[]> => {
    const keys = [];
    for await (const { key } of store.list(prefix)) keys.push(key);
    return keys;
  };
  const expectNothing = async (folder: string): Promise<void> => {
    expect(await keysUnder(folder)).toEqual([]);
    expect(await store.sweep(folder)).toBe(0);
  };

  it('says where it is', () => {
    expect(store.url).toMatch(/^(s3|file):\/\/.*[^/]$/);
  });

  it.each([0, 1, partSize - 1, partSize, partSize + 1, 2 * partSize, 3 * partSize + 7])(
    'gives back a stream of %i bytes as it was',
    async (size) => {
      const bytes = randomBytes(size);
      const body = Readable.from(chunked(bytes), { objectMode: false });
      expect(await store.put('size/stream', body)).toEqual({ bytes: size });
      expect((await read('size/stream')).equals(bytes)).toBe(true);
      expect(await store.head('size/stream')).toMatchObject({ key: 'size/stream', bytes: size });
    },
  );

  it('takes a buffer, and replaces what was there', async () => {
    await store.put('again', randomBytes(partSize + 1));
    expect(await store.put('again', Buffer.from('new'))).toEqual({ bytes: 3 });
    expect((await read('again')).toString()).toBe('new');
    const { modified } = (await store.head('again'))!;
    expect(Math.abs(Date.now() - modified.getTime())).toBeLessThan(60_000);
  });

  it.each([1, 1024 ** 4])('does not mind an estimate of %i bytes', async (estimatedBytes) => {
    const bytes = randomBytes(100_000);
    await store.put('estimated', Readable.from([bytes]), { estimatedBytes });
    expect((await read('estimated')).equals(bytes)).toBe(true);
  });

  it('says what is not there', async () => {
    expect(await store.head('none/x')).toBeNull();
    await expect(store.get('none/x')).rejects.toMatchObject({ code: 'no-such-backup' });
    expect(await keysUnder('none/')).toEqual([]);
    expect(await store.folders('none/')).toEqual([]);
    await store.delete(['none/x', 'none/y']);
    await store.delete([]);
  });

  it('lists in the order of the keys, also in the middle of a name', async () => {
    const keys = [
      'l/a-b',
      'l/a.b',
      'l/a/b',
      'l/a/b/c',
      'l/a0',
      'l/~b/x',
      'l/b/~~x.1.sql.zst',
    ].sort();
    await Promise.all(
      keys.map((key) => store.put(key.replace('a/b/c', 'a/b_/c'), Buffer.from(key))),
    );
    const stored = keys.map((key) => key.replace('a/b/c', 'a/b_/c')).sort();
    expect(await keysUnder('l/')).toEqual(stored);
    expect(await keysUnder('l/a')).toEqual(stored.filter((key) => key.startsWith('l/a')));
    expect(await keysUnder('l/a/')).toEqual(['l/a/b', 'l/a/b_/c']);
    expect(await store.folders('l/')).toEqual(['a', 'b', '~b']);
    expect(await store.folders('')).toContain('l');
    for await (const { key, bytes } of store.list('l/a/b_')) expect(bytes).toBe(key.length - 1);
  });

  it('removes what it is told to, and only that', async () => {
    const keys = Array.from({ length: 20 }, (_, i) => `d/${i}/x`);
    await Promise.all(keys.map((key) => store.put(key, Buffer.from('x'))));
    await store.delete([...keys.slice(1), 'd/none']);
    expect(await keysUnder('d/')).toEqual(['d/0/x']);
  });

  it('lets one of many commits win', async () => {
    const commits = Array.from({ length: 8 }, (_, i) =>
      store
        .put('c/backup.json', Buffer.from(`run ${i}`), { ifAbsent: true })
        .then(() => `run ${i}`),
    );
    const ends = await Promise.allSettled(commits);
    const won = ends.filter((end) => end.status === 'fulfilled').map((end) => end.value);
    const lost = ends.filter((end) => end.status === 'rejected').map((end) => end.reason as Error);
    expect(won).toHaveLength(1);
    expect(await text(await store.get('c/backup.json'))).toBe(won[0]);
    for (const error of lost) {
      expect(error).toBeInstanceOf(StillpointError);
      expect(error.message).toMatch(/c\/backup\.json exists already$/);
    }
    const large = store.put('c/backup.json', randomBytes(partSize + 1), { ifAbsent: true });
    await expect(large).rejects.toThrow(/exists already$/);
    expect(await text(await store.get('c/backup.json'))).toBe(won[0]);
    expect(await store.sweep('c/')).toBe(0);
  });

  describe.each([0, 1000, partSize + 1000, 3 * partSize])(
    'when a body ends after %i bytes',
    (size) => {
      it('by an error, throws that error and leaves nothing', async () => {
        const lost = new Error('mysqldump was killed by SIGKILL');
        const body = Readable.from(chunked(randomBytes(size), lost), { objectMode: false });
        await expect(store.put('broken/x', body)).rejects.toBe(lost);
        await expectNothing('broken/');
      });

      it('by closing, takes it for an error', async () => {
        const body = stream(randomBytes(size), (open) => open.destroy());
        await expect(store.put('broken/x', body)).rejects.toThrow(/premature/i);
        await expectNothing('broken/');
      });

      it('by an abort, ends at once and leaves nothing', async () => {
        const abort = new AbortController();
        const reason = new StillpointError('interrupted', 'interrupted');
        const body = stream(randomBytes(size), () => abort.abort(reason));
        await expect(store.put('broken/x', body, { signal: abort.signal })).rejects.toBe(reason);
        expect(body.destroyed).toBe(true);
        await expectNothing('broken/');
      });
    },
  );

  it('does not begin when it was aborted before', async () => {
    const reason = new Error('too late');
    const body = Readable.from([Buffer.from('x')]);
    const signal = AbortSignal.abort(reason);
    await expect(store.put('late/x', body, { signal })).rejects.toBe(reason);
    expect(body.destroyed).toBe(true);
    await expectNothing('late/');
  });

  it('keeps the object that a failed write was to replace', async () => {
    await store.put('kept', Buffer.from('old'));
    const body = Readable.from(chunked(randomBytes(2 * partSize), new Error('lost')));
    await expect(store.put('kept', body)).rejects.toThrow('lost');
    expect((await read('kept')).toString()).toBe('old');
  });

  it('ends a read when it is aborted or no longer wanted', async () => {
    await store.put('large', randomBytes(3 * partSize));
    const abort = new AbortController();
    const aborted = await store.get('large', { signal: abort.signal });
    const reading = buffer(aborted);
    abort.abort();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    const unwanted = await store.get('large');
    unwanted.destroy();
    await vi.waitFor(() => expect(unwanted.closed).toBe(true), { timeout: 30_000 });
    await expect(store.get('large', { signal: abort.signal })).rejects.toThrow();
  });

  it('fails the reader, not the process, when a read is aborted before it begins', async () => {
    await store.put('small', Buffer.from('small'));
    const abort = new AbortController();
    const body = await store.get('small', { signal: abort.signal });
    // Unheard, its error would end this process.
    const closed = new Promise((resolve) => body.once('close', resolve));
    abort.abort(new Error('not any more'));
    await closed;
    await expect(text(body)).rejects.toThrow(/abort/i);
  });

  it('sweeps what a dead run left, and only there', async () => {
    await store.put('s/one/x', Buffer.from('x'));
    await subject.leaveUnfinished('s/one/y');
    await subject.leaveUnfinished('s/one/z/y');
    await subject.leaveUnfinished('s/two/y');
    expect(await keysUnder('s/')).toEqual(['s/one/x']);
    expect(await store.sweep('s/one/')).toBe(2);
    expect(await store.sweep('s/one/')).toBe(0);
    expect(await store.sweep('s/')).toBe(1);
    expect(await keysUnder('s/')).toEqual(['s/one/x']);
  });

  it('takes any name, encoded', async () => {
    const names = fc.string({ unit: 'binary', minLength: 1, maxLength: 64 });
    await fc.assert(
      fc.asyncProperty(names, async (name) => {
        const key = `names/${encodeName(name)}.sql.zst`;
        await store.put(key, Buffer.from(name));
        expect(await text(await store.get(key))).toBe(name);
        expect(await keysUnder(key)).toEqual([key]);
      }),
      { numRuns: 30 },
    );
  });

  it.each(['', '/a', 'a/../../b', 'a//b', 'ü'])('refuses the key %j', async (key) => {
    await expect(store.put(key, Buffer.from('x'))).rejects.toThrow(/not a safe path/);
    await expect(store.get(key)).rejects.toThrow(/not a safe path/);
    await expect(store.delete([key])).rejects.toThrow(/not a safe path/);
  });

  it('passes its own probe, which leaves nothing', async () => {
    const before = await keysUnder('');
    const results = await store.probe();
    const names = ['write', 'read', 'conditional write', 'list', 'delete'];
    for (const name of names)
      expect(results.find((result) => result.name === name)).toMatchObject({ status: 'ok' });
    expect(results.filter(({ status }) => status === 'fail')).toEqual([]);
    expect(await keysUnder('')).toEqual(before);
    expect(await store.sweep('')).toBe(0);
  });
});

function* chunked(bytes: Buffer, last?: Error): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
  if (last) throw last;
}

/** A stream of these bytes that then calls `then`, and does not end by itself. */
function stream(bytes: Buffer, then: (open: Readable) => void): Readable {
  const chunks = chunked(bytes);
  return new Readable({
    read() {
      const next = chunks.next();
      if (next.done) then(this);
      else this.push(next.value);
    },
  });
}
