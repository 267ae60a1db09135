import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RigServer } from '../rig/index.js';
import type { Measured } from './results.js';

/** What a contender says of its own run. */
export interface Ran {
  storedBytes: number;
  /** Where it knows its pause better than who watches it. */
  pause?: number | null;
}

/** A contender: tells `watch` its first process, whose memory is of interest. */
export type Contend = (watch: (pid: number | undefined) => void) => Promise<Ran>;

const ticksPerSecond = 100;
const milliseconds = 20;

/** Runs a contender and measures it, and what it asked of the server meanwhile. */
export async function measure(server: RigServer, contend: Contend): Promise<Measured> {
  const watched: number[] = [];
  let peakMemory: number | null = null;
  const timer = setInterval(() => {
    for (const pid of watched) {
      const memory = peakMemoryOf(pid);
      if (memory !== null) peakMemory = Math.max(peakMemory ?? 0, memory);
    }
  }, milliseconds);
  const before = { own: ownCpu(), server: serverCpu(server), at: performance.now() };
  try {
    const { storedBytes, pause } = await contend((pid) => {
      if (pid !== undefined) watched.push(pid);
    });
    return {
      seconds: (performance.now() - before.at) / 1000,
      cpuSeconds: ownCpu() - before.own,
      serverCpuSeconds: serverCpu(server) - before.server,
      pause: pause ?? null,
      peakMemory,
      storedBytes,
    };
  } finally {
    clearInterval(timer);
  }
}

/** Of this process, which uploads, and of all its children and theirs that have ended. The servers have not. */
function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  const { children } = cpuOf(process.pid);
  return (user + system) / 1e6 + children;
}

function serverCpu({ dataDir }: RigServer): number {
  return cpuOf(Number(readFileSync(join(dataDir, 'server.pid'), 'utf8'))).self;
}

/** Seconds from /proc/PID/stat: fields 14 to 17 of proc(5). */
function cpuOf(pid: number): { self: number; children: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system, childUser, childSystem] = fields.slice(11, 15).map(Number);
  return {
    self: (user! + system!) / ticksPerSecond,
    children: (childUser! + childSystem!) / ticksPerSecond,
  };
}

/** VmHWM of proc(5), in bytes; null once the process has ended. */
function peakMemoryOf(pid: number): number | null {
  try {
    const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
