import { randomUUID } from 'node:crypto';
import { chmod, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { StillpointError } from '../errors.js';
import { writeAtomic } from '../util/atomicFile.js';
import type { Clock } from '../util/clock.js';
import { processStart } from '../util/processStart.js';
import { timeText } from '../util/text.js';

const claim = z.object({
  since: z.iso.datetime(),
  host: z.string(),
  pid: z.number(),
  /** See processStart; empty where the system does not tell. */
  started: z.string(),
  /** Of the kernel: after a power loss the same number may come at the same time again. */
  boot: z.string(),
});
type Claim = z.infer<typeof claim>;

/** How often a living run touches its claim, and after how long without it one of another host is dead. */
const beatMs = 30_000;
const silentMs = 10 * beatMs;

/** The mode of a claim that has the lock; one that still asks for it may be written by its owner. */
const heldMode = 0o400;

/** Two that ask at once both step back, and ask again after a while that grows, and that chance decides. */
const mostTries = 20;
const pauseMs = (tries: number) => Math.random() * Math.min(1000, 25 * 2 ** tries);

/** Of which schedule, and where its state lies. */
export interface RunLock {
  stateDir: string;
  schedule: string;
  clock: Clock;
}

/**
 * Runs `body` as the only run of a schedule. Throws `locked` while another one is going on. What a dead
 * run left counts for nothing, whatever ended it.
 *
 * Each run puts a claim of its own into the state directory and then looks for those of others: of two, at
 * least the one that looks last sees the other, so that they never both go on. A dead claim is never taken
 * over but removed, and no name comes twice: so nobody can remove the one of a run that has just begun.
 */
export async function withRunLock<T>(lock: RunLock, body: () => Promise<T>): Promise<T> {
  const folder = join(lock.stateDir, 'schedules');
  const name = `${lock.schedule}.${randomUUID()}.lock`;
  const path = join(folder, name);
  const own: Claim = {
    since: lock.clock.now().toISOString(),
    host: hostname(),
    pid: process.pid,
    started: await processStart(process.pid),
    boot: await bootId(),
  };
  for (let tries = 1; ; tries += 1) {
    await writeAtomic(path, `${JSON.stringify(own)}\n`);
    const other = await otherClaim(folder, lock.schedule, name);
    if (other === null) break;
    await rm(path, { force: true });
    if (other.isHeld || tries === mostTries) throw goingOn(lock.schedule, other);
    await sleep(pauseMs(tries));
  }
  // Not by writing it anew: while a rename goes on, some file systems list neither of its names.
  await chmod(path, heldMode);
  const beat = setInterval(() => {
    const now = new Date();
    // A disk that is full or gone is not for a heartbeat to say.
    void utimes(path, now, now).catch(() => undefined);
  }, beatMs);
  try {
    return await body();
  } finally {
    clearInterval(beat);
    await rm(path, { force: true });
  }
}

function goingOn(schedule: string, { since, host, pid }: Claim): StillpointError {
  return new StillpointError(
    'locked',
    `another run of schedule ${schedule} is going on since ${timeText(since)}`,
    { hint: `It is process ${pid} of ${host}. \`stillpoint schedule list\` shows how it ends.` },
  );
}

/**
 * The claim of a run that lives and is not ours: the one that has the lock, else one that asks for it, or
 * null. Those of the dead are removed.
 */
async function otherClaim(
  folder: string,
  schedule: string,
  own: string,
): Promise<(Claim & { isHeld: boolean }) | null> {
  const names = (await readdir(folder)).filter(
    (name) => name.startsWith(`${schedule}.`) && name.endsWith('.lock') && name !== own,
  );
  let asking: (Claim & { isHeld: boolean }) | null = null;
  for (const name of names) {
    const path = join(folder, name);
    const text = await readFile(path, 'utf8').catch(() => null);
    if (text === null) continue;
    const { data } = claim.safeParse(parsed(text));
    if (data && (await isAlive(data, path))) {
      const { mode } = await stat(path).catch(() => ({ mode: 0o600 }));
      const found = { ...data, isHeld: (mode & 0o777) === heldMode };
      if (found.isHeld) return found;
      asking = found;
    } else await rm(path, { force: true });
  }
  return asking;
}

async function isAlive({ host, pid, started, boot }: Claim, path: string): Promise<boolean> {
  if (host !== hostname()) {
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }));
    return Date.now() - mtimeMs < silentMs;
  }
  if (boot !== (await bootId())) return false;
  return started === '' ? isThere(pid) : (await processStart(pid)) === started;
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // One of another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function bootId(): Promise<string> {
  return await readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
