import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { Expected } from '../../../src/dump/dumpText.js';
import { mendedObjects } from '../../../src/dump/mend.js';
import { counted, storeText, type StoredPart, type TextFlow } from '../../../src/dump/pipeline.js';
import { startDump, type DumpSource } from '../../../src/dump/runningDump.js';
import { smallFrame, smallText } from '../../../src/dump/smallFrame.js';
import type { SpoolSpace } from '../../../src/dump/spool.js';
import type { Command } from '../../../src/util/command.js';
import type { Body } from '../../../src/util/lent.js';
import { ownFolder } from '../util/folder.js';
import { read } from '../util/pieces.js';

const dump = 'CREATE TABLE `a` (\n);\n-- Dump completed\n';
const zstd: Command = { file: 'zstd', args: ['-q', '-c', '-1'] };
/** `--norc`: bash takes a pipe of Node for a network connection and would read ~/.bashrc. */
const bash = (script: string): Command => ({
  file: 'bash',
  args: ['--norc', '-c', script, 'bash', dump],
});
const expected: Expected[] = [{ kind: 'table', name: 'a' }];
const unzstd = (bytes: Buffer) =>
  execFileSync('zstd', ['-q', '-d', '-c'], { input: bytes }).toString();
/** Called when a sink got to the end of the bytes: a store would keep what it has. */
const stored = vi.fn();

async function spaceOf(memory: number): Promise<SpoolSpace> {
  return { folder: await ownFolder(), memory, memoryLeft: memory, diskLeft: 0 };
}

/** Stores what a program dumps, or a text. */
async function store(source: DumpSource | string, flow: TextFlow): Promise<StoredPart> {
  if (typeof source === 'string')
    return { ...(await storeText(counted([source]), flow)), warnings: [] };
  const dump = startDump(flow.title, source);
  try {
    return { ...(await storeText(dump.text, flow)), warnings: dump.warnings };
  } finally {
    dump.kill();
    await dump.ended.catch(() => undefined);
  }
}

/** Runs a flow whose sink keeps what it gets. */
async function run(
  source: Command | string,
  { holding = expected, ...more }: Partial<TextFlow> & { holding?: Expected[] } = {},
) {
  stored.mockClear();
  let bytes = Buffer.alloc(0);
  const flowing = typeof source === 'string' ? source : { command: source, expected: holding };
  const part = await store(flowing, {
    title: 'schema of shop',
    filters: [zstd],
    spool: await spaceOf(1 << 26),
    sink: async (body) => {
      bytes = await read(body);
      stored();
      return { bytes: bytes.length };
    },
    signal: new AbortController().signal,
    ...more,
  });
  return { part, bytes };
}

describe('a dump that ends well', () => {
  test('is stored, counted and summed', async () => {
    const seen: [number, number][] = [];
    const { part, bytes } = await run(bash('printf %s "$1"'), {
      onBytes: (...counts) => seen.push(counts),
    });
    expect(unzstd(bytes)).toBe(dump);
    expect(part).toEqual({
      plainBytes: dump.length,
      storedBytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      warnings: [],
    });
    expect(seen.at(-1)).toEqual([dump.length, bytes.length]);
  });

  test('goes through every filter, in order', async () => {
    const upper = { file: 'tr', args: ['a-z', 'A-Z'] };
    const xToY = { file: 'tr', args: ['T', 'x'] };
    const { bytes } = await run(bash('printf %s "$1"'), { filters: [upper, xToY] });
    expect(bytes.toString()).toBe(dump.toUpperCase().replaceAll('T', 'x'));
  });

  test('is a frame of ours when it is small, and goes through the programs else', async () => {
    const begin = '-- x\n';
    for (const size of [dump.length, smallText - 1, smallText, smallText + 1, 3 * smallText]) {
      const text = dump.padStart(size, begin);
      const { part, bytes } = await run(text, { small: smallFrame });
      expect(unzstd(bytes)).toBe(text);
      expect(part).toMatchObject({ plainBytes: size, storedBytes: bytes.length });
      expect(bytes.length > size).toBe(size <= smallText);
    }
    // The program that is passed over is the first.
    const cat: Command = { file: 'cat', args: [] };
    const none: Command = { file: 'no-such-filter', args: [] };
    const { bytes } = await run(bash('printf %s "$1"'), {
      filters: [none, cat],
      small: smallFrame,
    });
    expect(unzstd(bytes)).toBe(dump);
  });

  test('goes without filters', async () => {
    expect((await run(bash('printf %s "$1"'), { filters: [] })).bytes.toString()).toBe(dump);
  });

  test('is mended on its way', async () => {
    const text = '/*!50003 CREATE*/ /*!50003 TRIGGER `t` BEFORE INSERT */;;\n-- Dump completed\n';
    const command = { file: 'printf', args: ['%s', text.replace('*/;;', ';*/;;')] };
    const { bytes, part } = await run(command, {
      holding: [{ kind: 'trigger', name: 't' }],
      mend: mendedObjects,
      filters: [{ file: 'cat', args: [] }],
    });
    expect(bytes.toString()).toBe(text);
    expect(part.plainBytes).toBe(text.length + 1);
  });

  test('may warn', async () => {
    const lines = [
      'mysqldump: [Warning] Using a password can be insecure.',
      'Warning: column statistics not supported',
      '-- Warning: version mismatch',
    ];
    const said = lines.map((line) => `echo ${JSON.stringify(line)} >&2`).join('\n');
    const { part } = await run(bash(`${said}\nprintf %s "$1"`));
    expect(part.warnings).toEqual(lines);
  });

  test('is whole, however slowly a filter reads', async () => {
    const script = 'printf "x\\n%s" "$1"; sleep 0.1; seq 2000000; printf %s "$1"';
    const sum = { file: 'md5sum', args: [] };
    const slow: Command = { file: 'zstd', args: ['-q', '-c', '-5'] };
    const unpack: Command = { file: 'zstd', args: ['-q', '-d', '-c'] };
    const { part, bytes } = await run(bash(script), { filters: [slow, unpack, sum] });
    const [wanted] = execFileSync('bash', ['-c', `(${script}) | md5sum`, 'bash', dump])
      .toString()
      .split(' ');
    expect(bytes.toString()).toBe(`${wanted!}  -\n`);
    expect(part.plainBytes).toBeGreaterThan(10_000_000);
    const peeked = await run(bash(script), { filters: [sum], small: (text) => text });
    expect(peeked.bytes.toString()).toBe(`${wanted!}  -\n`);
  });

  test('reaches a sink that is slower than it, whole', async () => {
    const lines = 40_000;
    let bytes = Buffer.alloc(0);
    const { part } = await run(
      bash(`for ((i = 0; i < ${lines}; i++)); do echo "line $i of many"; done; printf %s "$1"`),
      {
        filters: [{ file: 'cat', args: [] }],
        spool: await spaceOf(100_000),
        sink: async (body) => {
          const pieces: Buffer[] = [];
          for await (const piece of body) {
            await turn();
            pieces.push(Buffer.from(piece));
          }
          bytes = Buffer.concat(pieces);
          return { bytes: bytes.length };
        },
      },
    );
    const wanted = Array.from({ length: lines }, (_, i) => `line ${i} of many\n`).join('');
    expect(bytes.toString()).toBe(wanted + dump);
    expect(part.storedBytes).toBe(bytes.length);
  });

  test('reaches a sink that begins to read when the program has ended, whole', async () => {
    const total = 500_001 + dump.length;
    let tell = (): void => undefined;
    const allCame = new Promise<void>((resolve) => (tell = resolve));
    let bytes = Buffer.alloc(0);
    await run(bash('head -c 500000 /dev/zero; printf "\\n%s" "$1"'), {
      filters: [],
      onBytes: (_, stored) => {
        if (stored === total) tell();
      },
      sink: async (body) => {
        await allCame;
        bytes = await read(body);
        return { bytes: bytes.length };
      },
    });
    expect(bytes).toHaveLength(total);
    expect(bytes.subarray(500_001).toString()).toBe(dump);
  });
});

test('a store that keeps fewer bytes than it was sent fails the part', async () => {
  const sink = async (body: Body) => ({ bytes: (await read(body)).length - 1 });
  await expect(run(bash('printf %s "$1"'), { sink })).rejects.toThrow(
    /bytes were sent, the store has/,
  );
});

describe('a dump is not stored', () => {
  const cases: [string, string, RegExp][] = [
    ['ends with 2 after its trailer', 'printf %s "$1"; exit 2', /bash ended with 2$/],
    [
      'says why it ends with 2',
      'printf %s "$1"; echo "Error 2013: lost" >&2; exit 2',
      /bash ended with 2: Error 2013: lost$/,
    ],
    ['is killed after its trailer', 'printf %s "$1"; kill -9 $$', /bash was killed by SIGKILL$/],
    [
      'has no trailer',
      'printf "CREATE TABLE \\`a\\` (\\n"',
      /ended with 0 but without its last line$/,
    ],
    ['prints nothing', 'exit 0', /ended with 0 but without its last line$/],
    ['goes on after its trailer', 'printf "%sx" "$1"', /without its last line$/],
    [
      'says an error and ends with 0',
      'echo "mysqldump: [Warning] fine" >&2; echo "mysqldump: Error 1146" >&2; printf %s "$1"',
      /ended with 0 but said: mysqldump: Error 1146$/,
    ],
    ['leaves out an object', 'echo "-- Dump completed"', /but left out the table a$/],
  ];
  test.each(cases)('that %s', async (_, script, why) => {
    await expect(run(bash(script))).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(why) as string,
    });
    await expect(run(bash(script))).rejects.toThrow(/^the dump of schema of shop failed: /);
    expect(stored).not.toHaveBeenCalled();
  });

  test.each(cases)('without filters either: that %s', async (_, script, why) => {
    await expect(run(bash(script), { filters: [] })).rejects.toThrow(why);
    await expect(run(bash(script), { mend: mendedObjects })).rejects.toThrow(why);
    await expect(run(bash(script), { small: smallFrame })).rejects.toThrow(why);
    expect(stored).not.toHaveBeenCalled();
  });

  test('whose program is not there', async () => {
    await expect(run({ file: 'no-such-dump', args: [] })).rejects.toThrow(
      /cannot run no-such-dump/,
    );
    expect(stored).not.toHaveBeenCalled();
  });
});

describe('a filter that', () => {
  const good = bash('printf %s "$1"');
  test.each([
    ['ends with 1 at once', { file: 'false', args: [] }, /false ended with 1/],
    ['ends with 3 after all', bash('cat; echo full >&2; exit 3'), /bash ended with 3: full/],
    ['is killed', bash('head -c 5; kill -9 $$'), /bash was killed by SIGKILL/],
    ['is not there', { file: 'no-such-filter', args: [] }, /cannot run no-such-filter/],
  ])('%s fails the part', async (_, filter, why) => {
    await expect(run(good, { filters: [filter] })).rejects.toThrow(why);
    await expect(run(good, { filters: [filter, zstd] })).rejects.toThrow(why);
    await expect(run(good, { filters: [zstd, filter] })).rejects.toThrow(why);
    expect(stored).not.toHaveBeenCalled();
  });
});

describe('a text of our own', () => {
  test('needs no trailer', async () => {
    const { bytes, part } = await run('-- Accounts completed ☕\n');
    expect(unzstd(bytes)).toBe('-- Accounts completed ☕\n');
    expect(part.plainBytes).toBe(Buffer.byteLength('-- Accounts completed ☕\n'));
  });

  test('is not stored when it is empty', async () => {
    await expect(run('', { filters: [] })).rejects.toThrow(/nothing was left to store/);
    expect(stored).not.toHaveBeenCalled();
  });
});

describe('what ends a flow early', () => {
  /** Programs that end only when they are killed: a flow that settles has seen to it. */
  const endless = { file: 'yes', args: ['--', '-- a line'] };
  const stuck = bash('head -1 <<< "$1"; exec sleep 100000');

  test.each([
    ['at once', async () => await Promise.reject(new Error('store is full'))],
    [
      'after some bytes',
      async (body: Body) => {
        await body[Symbol.asyncIterator]().next();
        throw new Error('store is full');
      },
    ],
  ])('a sink that fails %s', async (_, sink) => {
    for (const command of [endless, stuck]) {
      const flow = run(command, { sink, filters: [{ file: 'cat', args: [] }] });
      await expect(flow).rejects.toThrow('store is full');
    }
  });

  test('the signal, while it runs', async () => {
    for (const command of [endless, stuck]) {
      const stop = new AbortController();
      const reason = new Error('the lease was lost');
      const flow = run(command, {
        filters: [{ file: 'cat', args: [] }],
        signal: stop.signal,
        onBytes: () => stop.abort(reason),
      });
      await expect(flow).rejects.toBe(reason);
      expect(stored).not.toHaveBeenCalled();
    }
  });

  test('the signal, before it begins', async () => {
    const reason = new Error('the lease was lost');
    const sink = vi.fn();
    const flow = run(endless, { sink, signal: AbortSignal.abort(reason) });
    await expect(flow).rejects.toBe(reason);
    expect(sink).not.toHaveBeenCalled();
  });
});
