import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  rmdir,
  stat,
  statfs,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { StillpointError } from '../errors.js';
import { processStart } from '../util/processStart.js';
import { bytesText } from '../util/text.js';

const prefix = 'stillpoint-sandbox-';
/** Says that a folder is a sandbox's, and whose. */
const markerName = 'stillpoint-sandbox.json';
const marker = z.object({ host: z.string(), pid: z.number(), started: z.string() });

/** How often a living drill touches its marker, and after how long without it counts as dead. */
const beatMs = 30_000;
const silentMs = 20 * beatMs;

/** A folder that is gone afterwards, whatever is in it. */
export interface SandboxFolder {
  path: string;
}

/**
 * Makes a folder in `directory` for `body`, after it has made sure of `bytes` of room. Throws `refused`
 * when there is too little. A folder that outlives us is removed by {@link sweepFolders} of a later run.
 */
export async function withFolder<T>(
  directory: string,
  bytes: number,
  body: (folder: SandboxFolder) => Promise<T>,
): Promise<T> {
  await mkdir(directory, { recursive: true });
  const free = await freeBytes(directory);
  if (free < bytes) throw tooSmall(directory, free, bytes);
  const path = await mkdtemp(join(directory, prefix));
  const markerPath = join(path, markerName);
  const beat = setInterval(() => {
    const now = new Date();
    // Gone already, or the disk is: neither is for a heartbeat to say.
    void utimes(markerPath, now, now).catch(() => undefined);
  }, beatMs);
  try {
    const own = { host: hostname(), pid: process.pid, started: await processStart(process.pid) };
    await writeFile(markerPath, JSON.stringify(own));
    return await body({ path });
  } finally {
    clearInterval(beat);
    await remove(path);
  }
}

/** Bytes that are free for us where `directory` lies. */
export async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

/**
 * Ends the servers and removes the folders of drills that died in `directory`, told by their markers,
 * and nothing else. Returns how many.
 */
export async function sweepFolders(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  let swept = 0;
  for (const name of names.filter((one) => one.startsWith(prefix))) {
    const path = join(directory, name);
    if (!(await isAbandoned(path))) continue;
    for (const pid of await serversIn(path)) killIfThere(pid);
    await remove(path);
    swept += 1;
  }
  return swept;
}

async function isAbandoned(path: string): Promise<boolean> {
  const text = await readFile(join(path, markerName), 'utf8').catch(() => null);
  if (text === null) {
    // Its drill died before it wrote the marker, or is about to; an empty folder is no loss to it.
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > silentMs) await rmdir(path).catch(() => undefined);
    return false;
  }
  const owner = marker.safeParse(parsed(text));
  if (!owner.success) return false;
  if (owner.data.host === hostname()) {
    return (await processStart(owner.data.pid)) !== owner.data.started;
  }
  // A disk that several machines or containers share.
  const { mtimeMs } = await stat(join(path, markerName));
  return Date.now() - mtimeMs > silentMs;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Processes of this machine that were started with a data directory in the folder. */
async function serversIn(path: string): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found: number[] = [];
  for (const pid of pids) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.split('\0').some((word) => word.startsWith(`--datadir=${path}/`)))
      found.push(Number(pid));
  }
  return found;
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** A server that is just ending may still make a file. */
async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

function tooSmall(directory: string, free: number, needed: number): StillpointError {
  return new StillpointError(
    'refused',
    `${directory} has ${bytesText(free)} free, the sandbox needs about ${bytesText(needed)}`,
    { hint: 'Name a larger disk: drill.directory in the configuration.' },
  );
}
