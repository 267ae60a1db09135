import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The folders of sandboxes in a directory. */
export async function sandboxesIn(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => name.startsWith('stillpoint-sandbox-'));
}

/** The servers that run with a data directory below a directory. */
export async function serversBelow(directory: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(
    pids.map(async (pid) => await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  const isBelow = (command: string) => command.includes(`--datadir=${join(directory, '/')}`);
  return pids.filter((_, i) => isBelow(commands[i] ?? '')).map(Number);
}
