import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reasonOf, StillpointError } from '../errors.js';

/**
 * Bytes on their way. A chunk is lent: it is good until the next one is asked for, since its memory is then used again.
 * So a reader copies what it wants to keep. Node's own streams, which give their chunks away, are such as well.
 */
export type Lent = AsyncIterable<Buffer>;

/** What changes a text on its way. */
export type Step = (text: Lent) => Lent;

/** Such bytes that are to be stored, read once. */
export interface Body extends Lent {
  /** Nothing more is wanted: whoever makes them stops, too, and a reader gets the error. */
  destroy(error?: Error): unknown;
}

/** A chunk has at most so many bytes. The system keeps about as many between two programs. */
const blockBytes = 256 * 1024;

/** The path of a socket has 104 characters at most (macOS; 108 on Linux); ours adds 26 to its folder's. */
const longestFolder = 70;

/** What a program writes into a socket. */
export interface Inlet {
  /** The end that the program is started with; to be destroyed here once it has it. */
  theirs: Socket;
  /** What it writes, to be read once. The end says nothing of how the program has ended. */
  output: Lent;
  /** Reads no more: `output` ends. */
  close(): void;
}

/**
 * Opens a way for a program's output into one block of memory. Node gives every chunk that it reads memory of its
 * own, and of a dump it read ten thousand: to find and to free them took as long as all the rest.
 */
export async function openInlet(): Promise<Inlet> {
  const root = Buffer.byteLength(tmpdir()) > longestFolder ? '/tmp' : tmpdir();
  try {
    // Nobody else may write into it, so the socket has a folder of its own while the two ends find each other.
    const folder = await mkdtemp(join(root, 'stillpoint-inlet-'));
    try {
      return await openIn(join(folder, 's'));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } catch (error) {
    throw new StillpointError('failed', `cannot make a socket in ${root}: ${reasonOf(error)}`, {
      hint: 'Make room there, or name another folder: TMPDIR.',
      cause: error,
    });
  }
}

async function openIn(path: string): Promise<Inlet> {
  const server = createServer({ pauseOnConnect: true });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(path, resolve);
    });
    const theirs = new Promise<Socket>((resolve) => server.once('connection', resolve));
    const { lost, ...ours } = readInto(Buffer.allocUnsafeSlow(blockBytes), path);
    // Without a descriptor left, neither end comes to be.
    return { theirs: await Promise.race([theirs, lost]), ...ours };
  } finally {
    server.close();
  }
}

/** Connects, and reads a chunk when one is asked for. */
function readInto(
  block: Buffer,
  path: string,
): Pick<Inlet, 'output' | 'close'> & { lost: Promise<never> } {
  let ready: Buffer | null = null;
  let isOver = false;
  let failure: Error | null = null;
  let wake = (): void => undefined;
  const callback = (bytes: number): boolean => {
    ready = block.subarray(0, bytes);
    wake();
    return false;
  };
  const socket = connect({ path, onread: { buffer: block, callback } });
  socket.on('error', (error) => (failure = error));
  const lost = new Promise<never>((_, reject) => {
    socket.on('close', () => {
      isOver = true;
      wake();
      reject(failure ?? new Error('it was closed'));
    });
  });
  lost.catch(() => undefined);
  return { output: chunks(), close: () => void socket.destroy(), lost };

  async function* chunks(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        while (ready === null && !isOver) await new Promise<void>((resolve) => (wake = resolve));
        if (ready === null) break;
        const chunk: Buffer = ready;
        ready = null;
        yield chunk;
        socket.resume();
      }
    } finally {
      socket.destroy();
    }
    if (failure) throw failure;
  }
}
