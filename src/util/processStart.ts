import { readFile } from 'node:fs/promises';

/**
 * When a process was started, in the kernel's own count since it booted; empty when none of that number runs,
 * and where there is no /proc. With the number it names one process of one boot: numbers come again.
 */
export async function processStart(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is a name in parentheses, which may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // One that has ended and that nobody has asked about yet still stands there.
  return fields[0] === 'Z' ? '' : (fields[19] ?? '');
}
