import fc from 'fast-check';
import { readdir, readlink } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { spooled, type SpoolSpace } from '../../../src/dump/spool.js';
import { start } from '../../../src/util/command.js';
import { ownFolder } from '../util/folder.js';
import { inPieces, onLoan, pieceSizes, read as bytesOf } from '../util/pieces.js';

const plenty = 1 << 30;
const patient = { timeout: 30_000 };

async function spaceOf(memory: number, diskLeft: number): Promise<SpoolSpace> {
  return { folder: await ownFolder(), memory, memoryLeft: plenty, diskLeft };
}

/** A source that tells when the spool has asked it for more than it has, so has taken everything. */
function told(pieces: AsyncIterable<Buffer> | Iterable<Buffer>) {
  let tell = (): void => undefined;
  const taken = new Promise<void>((resolve) => (tell = resolve));
  async function* source(): AsyncGenerator<Buffer> {
    yield* pieces;
    tell();
  }
  return { source: source(), taken };
}

/** A source that throws in the end, and tells when it is over, in whatever way. */
function thrownAfter(pieces: Iterable<Buffer>, error: Error) {
  let tell = (): void => undefined;
  const over = new Promise<void>((resolve) => (tell = resolve));
  async function* source(): AsyncGenerator<Buffer> {
    try {
      await turn();
      yield* pieces;
      throw error;
    } finally {
      tell();
    }
  }
  return { source: source(), over };
}

/** Descriptors of this process that are open below `folder`, also of files that are unlinked. */
async function openFiles(folder: string): Promise<string[]> {
  const names = await readdir('/proc/self/fd');
  const paths = await Promise.all(
    names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')),
  );
  return paths.filter((path) => path.startsWith(folder));
}

describe('a reader that is slow from the start gets everything', () => {
  const bytes = fc.uint8Array({ maxLength: 2000 }).map((array) => Buffer.from(array));

  test('in order, whatever the pieces, from memory and file', async () => {
    const folder = await ownFolder();
    await fc.assert(
      fc.asyncProperty(bytes, pieceSizes, fc.nat(2500), async (whole, sizes, memory) => {
        const space = { folder, memory, memoryLeft: plenty, diskLeft: plenty };
        const { source, taken } = told(inPieces(whole, sizes));
        const body = spooled(onLoan(source), space);
        await taken;
        expect((await bytesOf(body)).equals(whole)).toBe(true);
        expect(space).toMatchObject({ memoryLeft: plenty, diskLeft: plenty });
      }),
    );
    expect(await readdir(folder)).toEqual([]);
  });

  test('of a file longer than one read', async () => {
    const whole = Buffer.alloc(3_500_000, 'stillpoint, ');
    const { source, taken } = told(inPieces(whole, [65_536, 1, 100_000]));
    const space = await spaceOf(100_000, plenty);
    const body = spooled(onLoan(source), space);
    await taken;
    expect(space.diskLeft).toBeLessThan(plenty);
    expect((await bytesOf(body)).equals(whole)).toBe(true);
    expect(space.diskLeft).toBe(plenty);
  });

  test.each([
    ['little', 10],
    ['more than a pipe holds', 400_000],
  ])('from a program that exits at once after %s', async (_, length) => {
    const space = await spaceOf(1000, plenty);
    const child = start({ file: 'bash', args: ['--norc', '-c', `printf "%0${length}d" 7`] });
    const { source, taken } = told(child.stdout as AsyncIterable<Buffer>);
    const body = spooled(onLoan(source), space);
    expect((await child.ended).status).toBe(0);
    await taken;
    expect((await bytesOf(body)).toString()).toBe('7'.padStart(length, '0'));
  });
});

describe('a reader that keeps up', () => {
  // Now the file is read empty while it is written to, over and over.
  test('gets everything through the file', async () => {
    const pieces = Array.from({ length: 500 }, (_, i) => Buffer.alloc(65_536, i % 251));
    const space = await spaceOf(65_536, plenty);
    const { source } = told(pieces);
    expect((await bytesOf(spooled(onLoan(source), space))).equals(Buffer.concat(pieces))).toBe(
      true,
    );
    expect(space.diskLeft).toBe(plenty);
  });

  test('gets everything through memory', async () => {
    const bytes = fc.uint8Array({ maxLength: 2000 }).map((array) => Buffer.from(array));
    const space = await spaceOf(100, 0);
    await fc.assert(
      fc.asyncProperty(bytes, pieceSizes, async (whole, sizes) => {
        const body = spooled(onLoan(told(inPieces(whole, sizes)).source), space);
        expect((await bytesOf(body)).equals(whole)).toBe(true);
      }),
    );
    expect(space.diskLeft).toBe(0);
  });

  test('gets the empty end of an empty source', async () => {
    expect(await bytesOf(spooled(told([]).source, await spaceOf(0, 0)))).toHaveLength(0);
  });
});

describe('an error of the source', () => {
  test('arrives', async () => {
    const lost = new Error('lost');
    const { source } = thrownAfter([Buffer.from('before')], lost);
    await expect(bytesOf(spooled(onLoan(source), await spaceOf(1000, 0)))).rejects.toBe(lost);
  });

  test('arrives also when bytes wait in the file', async () => {
    const lost = new Error('lost');
    const { source, over } = thrownAfter(inPieces(Buffer.alloc(50), [10]), lost);
    const space = await spaceOf(1, plenty);
    const body = spooled(onLoan(source), space);
    await over;
    await expect(bytesOf(body)).rejects.toBe(lost);
    await vi.waitFor(() => expect(space.diskLeft).toBe(plenty), patient);
  });
});

describe('a reader that gives up', () => {
  test.skipIf(process.platform !== 'linux')('frees the file', async () => {
    const space = await spaceOf(1, plenty);
    const { source, taken } = told(inPieces(Buffer.alloc(50_000), [10_000]));
    const body = spooled(onLoan(source), space);
    await taken;
    expect(space.diskLeft).toBe(plenty - 50_000);
    expect(await openFiles(space.folder)).toHaveLength(1);
    body.destroy();
    await vi.waitFor(async () => {
      expect(space.diskLeft).toBe(plenty);
      expect(await openFiles(space.folder)).toEqual([]);
    }, patient);
  });

  test('ends a source that is held back', async () => {
    const space = await spaceOf(10, 10);
    let ended = false;
    async function* source(): AsyncGenerator<Buffer> {
      try {
        for (;;) {
          await turn();
          yield Buffer.alloc(10);
        }
      } finally {
        ended = true;
      }
    }
    const body = spooled(onLoan(source()), space);
    await vi.waitFor(() => expect(space.diskLeft).toBe(0), patient);
    body.destroy();
    await vi.waitFor(() => expect(ended).toBe(true), patient);
    await vi.waitFor(() => expect(space.diskLeft).toBe(10), patient);
  });
});

test('a full spool holds the source back', async () => {
  const size = 65_536;
  /** As much the reader may have in hand. */
  const block = 256 * 1024;
  const count = 100;
  for (const diskLeft of [0, size]) {
    const space = await spaceOf(2 * size, diskLeft);
    const room = space.memory + diskLeft;
    let given = 0;
    let read = 0;
    let furthest = 0;
    async function* source(): AsyncGenerator<Buffer> {
      for (let i = 0; i < count; i++) {
        await turn();
        given += size;
        furthest = Math.max(furthest, given - read);
        yield Buffer.alloc(size, i);
      }
    }
    const body = spooled(onLoan(source()), space);
    await vi.waitFor(() => expect(given).toBe(room + size), patient);
    for await (const chunk of body) {
      for (let i = 0; i < 5; i++) await turn();
      expect(chunk[0]).toBe(Math.floor(read / size));
      read += chunk.length;
    }
    expect(read).toBe(count * size);
    expect(furthest).toBeLessThanOrEqual(room + block + size);
    expect(space.diskLeft).toBe(diskLeft);
  }
});

test('memory is shared: what has no room there goes to the file', async () => {
  const space = { ...(await spaceOf(1000, plenty)), memoryLeft: 1500 };
  const whole = Buffer.alloc(2000, 'stillpoint, ');
  const sources = [1, 2, 3].map(() => told(inPieces(whole, [100])));
  const bodies = sources.map(({ source }) => spooled(onLoan(source), space));
  await Promise.all(sources.map(async ({ taken }) => await taken));
  await vi.waitFor(() => expect(plenty - space.diskLeft).toBe(3 * whole.length - 1500), patient);
  expect(space.memoryLeft).toBe(0);
  const [first, ...others] = bodies;
  expect((await bytesOf(first!)).equals(whole)).toBe(true);
  for (const body of others) body.destroy();
  await vi.waitFor(
    () => expect(space).toMatchObject({ memoryLeft: 1500, diskLeft: plenty }),
    patient,
  );
});

test('a folder that cannot be written is named', async () => {
  const space = { folder: '/nowhere/at-all', memory: 1, memoryLeft: 1, diskLeft: plenty };
  const { source, over } = thrownAfter(inPieces(Buffer.alloc(20), [10]), new Error('not this one'));
  const body = spooled(onLoan(source), space);
  await over;
  await expect(bytesOf(body)).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringContaining('cannot spool to /nowhere/at-all: ENOENT') as string,
    hint: expect.stringContaining('dump.spool.path') as string,
  });
  expect(space.diskLeft).toBe(plenty);
});
