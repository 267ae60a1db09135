import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startLent, type Command } from '../../../src/util/command.js';
import { ownFolder } from './folder.js';
import { read } from './pieces.js';

const bash = (script: string): Command => ({ file: 'bash', args: ['--norc', '-c', script] });

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('what a program prints', () => {
  test.each([
    ['nothing', 'true', ''],
    ['a little, and it is gone at once', 'echo x', 'x\n'],
    ['a little at a time', 'for i in 1 2 3; do echo $i; sleep 0.05; done', '1\n2\n3\n'],
  ])('%s', async (_, script, wanted) => {
    const child = await startLent(bash(script));
    expect((await read(child.output)).toString()).toBe(wanted);
    expect((await child.ended).status).toBe(0);
  });

  test('much, from many at once, each its own', async () => {
    const megabytes = 8;
    const sums = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const seed = randomBytes(1 << 20);
        const child = await startLent(
          bash(`f=$(mktemp); cat > $f; for i in {1..${megabytes}}; do cat $f; done; rm $f`),
        );
        child.stdin.end(seed);
        const hash = createHash('md5');
        for await (const chunk of child.output) hash.update(chunk);
        const wanted = createHash('md5');
        for (let i = 0; i < megabytes; i++) wanted.update(seed);
        return hash.digest('hex') === wanted.digest('hex');
      }),
    );
    expect(sums).toEqual(sums.map(() => true));
  });

  test('its end, when it is killed', async () => {
    const child = await startLent(bash('exec yes'));
    const output = child.output[Symbol.asyncIterator]() as AsyncGenerator<Buffer, undefined>;
    expect((await output.next()).value?.toString()).toMatch(/^y\n/);
    child.kill();
    let last = await output.next();
    while (last.done !== true) last = await output.next();
    expect((await child.ended).signal).toBe('SIGKILL');
  });

  test('a program that nobody reads any more cannot go on', async () => {
    const child = await startLent(bash('exec yes'));
    for await (const chunk of child.output) if (chunk.length > 0) break;
    expect((await child.ended).status).not.toBe(0);
  });
});

test('a program that is not there prints nothing, and is named', async () => {
  const child = await startLent({ file: 'no-such-program', args: [] });
  expect(await read(child.output)).toHaveLength(0);
  await expect(child.ended).rejects.toThrow(/cannot run no-such-program/);
});

describe('the folder of temporary files', () => {
  test('keeps nothing', async () => {
    const folder = await ownFolder();
    vi.stubEnv('TMPDIR', folder);
    const child = await startLent(bash('echo x'));
    expect(await readdir(folder)).toEqual([]);
    await read(child.output);
  });

  test('may have a path that is too long for a socket', async () => {
    vi.stubEnv('TMPDIR', `${await ownFolder()}/${'long/'.repeat(20)}`);
    const child = await startLent(bash('echo x'));
    expect((await read(child.output)).toString()).toBe('x\n');
  });

  test('that is not there is named', async () => {
    vi.stubEnv('TMPDIR', '/nowhere/at-all');
    await expect(startLent(bash('echo x'))).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(
        /^cannot make a socket in \/nowhere\/at-all: ENOENT/,
      ) as string,
      hint: expect.stringContaining('TMPDIR') as string,
    });
  });
});
