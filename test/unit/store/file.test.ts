import { mkdir, mkdtemp, open, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openFileStore } from '../../../src/store/file.js';

const linkless = vi.hoisted(() => ({ code: '' }));
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>();
  const link: typeof fs.link = async (from, to) => {
    if (linkless.code !== '') throw Object.assign(new Error('no links'), { code: linkless.code });
    await fs.link(from, to);
  };
  return { ...fs, link };
});

let path = '';
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'stillpoint-store-'));
});
afterEach(async () => {
  linkless.code = '';
  vi.restoreAllMocks();
  await rm(path, { recursive: true });
});

const everything = () => readdir(path, { recursive: true });

/** Lets the n-th call of a method of every open file fail. */
async function failing(method: 'writeFile' | 'sync', code: string, nth = 1): Promise<void> {
  type Handle = Record<typeof method, (...args: unknown[]) => Promise<void>>;
  const file = await open(path, 'r');
  const handles = Object.getPrototypeOf(file) as Handle;
  await file.close();
  const real = handles[method];
  let calls = 0;
  vi.spyOn(handles, method).mockImplementation(async function (this: unknown, ...args: unknown[]) {
    calls++;
    if (calls === nth) throw Object.assign(new Error(code), { code });
    await real.apply(this, args);
  });
}

describe('the file store', () => {
  it('keeps others out', async () => {
    const store = openFileStore({ path: join(path, 'new'), prefix: '/a/b/' });
    await store.put('c/d', Buffer.from('x'));
    for (const folder of ['new', 'new/a', 'new/a/b', 'new/a/b/c'])
      expect((await stat(join(path, folder))).mode & 0o777).toBe(0o700);
    expect((await stat(join(path, 'new/a/b/c/d'))).mode & 0o777).toBe(0o600);
    expect(store.url).toBe(`file://${path}/new/a/b`);
  });

  it.each(['../x', 'a/../../x', '/etc/x', 'a/./x', '.stillpoint-unfinished-1'])(
    'refuses the key %s',
    async (key) => {
      const store = openFileStore({ path: join(path, 'in') });
      const doings = [
        () => store.put(key, Buffer.from('x')),
        () => store.get(key),
        () => store.head(key),
        () => store.delete([key]),
      ];
      for (const doing of doings)
        await expect(doing).rejects.toThrow(/not a safe path|kept for unfinished/);
      expect(await everything()).toEqual([]);
    },
  );

  it('refuses a prefix that leaves the folder', () => {
    expect(() => openFileStore({ path, prefix: '../x' })).toThrow(/not a safe path/);
  });

  it('says that the disk is full, and leaves nothing', async () => {
    await failing('writeFile', 'ENOSPC', 2);
    const store = openFileStore({ path });
    const body = Readable.from([Buffer.from('first'), Buffer.from('second')]);
    const put = store.put('a/b', body);
    await expect(put).rejects.toMatchObject({
      code: 'failed',
      message: `no space left in ${path} to write a/b`,
    });
    expect(body.destroyed).toBe(true);
    expect(await everything()).toEqual([]);
  });

  it('leaves no object when the folder cannot be made durable', async () => {
    const store = openFileStore({ path });
    await store.put('a/kept', Buffer.from('x'));
    await failing('sync', 'EIO', 2);
    await expect(store.put('a/b', Buffer.from('x'))).rejects.toThrow(/cannot write a\/b .*EIO/);
    expect(await everything()).toEqual(['a', 'a/kept']);
  });

  it('says whose folder it is when it may not write', async () => {
    await failing('writeFile', 'EACCES');
    const put = openFileStore({ path }).put('a', Buffer.from('x'));
    await expect(put).rejects.toMatchObject({ message: `may not write a in ${path}` });
  });

  it('tells a disk that is full from a body that says so', async () => {
    const spool = Object.assign(new Error('spool is full'), { code: 'ENOSPC' });
    const body = new Readable({ read: () => void body.destroy(spool) });
    await expect(openFileStore({ path }).put('a', body)).rejects.toBe(spool);
  });

  it.each(['EPERM', 'ENOTSUP'])('commits once where links end in %s', async (code) => {
    linkless.code = code;
    const store = openFileStore({ path });
    await store.put('a/b', Buffer.from('first'), { ifAbsent: true });
    const second = store.put('a/b', Buffer.from('second'), { ifAbsent: true });
    await expect(second).rejects.toThrow(/exists already$/);
    expect(await text(await store.get('a/b'))).toBe('first');
    expect(await everything()).toEqual(['a', 'a/b']);
  });

  it('hides unfinished files until they are swept', async () => {
    const store = openFileStore({ path });
    await store.put('shop/backups/1/x', Buffer.from('x'));
    await mkdir(join(path, 'shop/backups/0'));
    await writeFile(join(path, 'shop/backups/0/.stillpoint-unfinished-77'), 'half');
    await writeFile(join(path, 'shop/.stillpoint-unfinished-78'), 'half');
    const keys = [];
    for await (const { key } of store.list('')) keys.push(key);
    expect(keys).toEqual(['shop/backups/1/x']);
    expect(await store.sweep('shop/backups/')).toBe(1);
    expect(await store.folders('shop/backups/')).toEqual(['1']);
    expect(await everything()).toContain('shop/.stillpoint-unfinished-78');
  });

  it('removes the folders it leaves empty, but not its own', async () => {
    const store = openFileStore({ path, prefix: 'p' });
    await store.put('a/b/c', Buffer.from('x'));
    await store.put('a/d', Buffer.from('x'));
    await store.delete(['a/b/c', 'a/none', 'none/x']);
    expect(await everything()).toEqual(['p', 'p/a', 'p/a/d']);
    await store.delete(['a/d']);
    expect(await everything()).toEqual(['p']);
  });

  it('writes into a folder while another removal takes it away', async () => {
    const store = openFileStore({ path });
    const writes = Array.from({ length: 40 }, async (_, i) => {
      await store.put(`a/b/${i}`, Buffer.from('x'));
      await store.delete([`a/b/${i}`]);
    });
    await Promise.all(writes);
    expect(await everything()).toEqual([]);
  });

  it('lists files only', async () => {
    await symlink('/etc', join(path, 'link'));
    await mkdir(join(path, 'folder'));
    const store = openFileStore({ path });
    await store.put('a', Buffer.from('x'));
    const keys = [];
    for await (const { key } of store.list('')) keys.push(key);
    expect(keys).toEqual(['a']);
    expect(await store.head('folder')).toBeNull();
    await expect(store.get('folder')).rejects.toMatchObject({ code: 'no-such-backup' });
  });
});
