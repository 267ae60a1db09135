import { execa } from 'execa';
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { BackupRecord } from '../../src/catalog/records.js';
import type { Store } from '../../src/store/store.js';
import { tables } from './sysbench.js';

/** What one run of a contender took. */
export interface Measured {
  seconds: number;
  storedBytes: number;
  /** Seconds that the replica stood still; null when it did not. */
  pause: number | null;
  /** Most memory of the coordinator, in bytes; null when there is none. */
  peakMemory: number | null;
}

const none = { pause: null, peakMemory: null };
const names = Array.from({ length: tables }, (_, i) => `sbtest${i + 1}`);

/** Where the contenders read: a mysqldump and the option file it connects with. */
export interface Reader {
  mysqldump: string;
  optionFile: string;
}

function dump({ mysqldump, optionFile }: Reader, which: readonly string[]) {
  const args = [
    `--defaults-file=${optionFile}`,
    '--single-transaction',
    '--quick',
    '--no-tablespaces',
    ...(mysqldump.includes('mariadb') ? [] : ['--set-gtid-purged=OFF']),
    'sbtest',
    ...which,
  ];
  return spawn(mysqldump, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** `mysqldump | compressor`, uploaded as one object. */
export async function pipe(reader: Reader, compressor: string[], store: Store): Promise<Measured> {
  const begun = performance.now();
  const source = dump(reader, names);
  const [file = '', ...args] = compressor;
  const filter = spawn(file, args, { stdio: [source.stdout, 'pipe', 'inherit'] });
  const { bytes } = await store.put('bench/pipe', filter.stdout, { estimatedBytes: 1e9 });
  const seconds = (performance.now() - begun) / 1000;
  await store.delete(['bench/pipe']);
  return { ...none, seconds, storedBytes: bytes };
}

/** As many `mysqldump | zstd -1 > file` at once as asked, the tables dealt out among them. */
export async function bare(reader: Reader, parallel: number, folder: string): Promise<Measured> {
  const begun = performance.now();
  const hands = Array.from({ length: parallel }, (_, i) =>
    names.filter((_name, at) => at % parallel === i),
  );
  const sizes = await Promise.all(
    hands.map(async (hand, i) => {
      const source = dump(reader, hand);
      const filter = spawn('zstd', ['-q', '-1', '-c'], {
        stdio: [source.stdout, 'pipe', 'inherit'],
      });
      const file = createWriteStream(join(folder, `bare-${i}.zst`));
      await pipeline(filter.stdout, file);
      return file.bytesWritten;
    }),
  );
  const seconds = (performance.now() - begun) / 1000;
  return { ...none, seconds, storedBytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** `stillpoint backup`, as a user runs it. */
export async function stillpoint(config: string, env: Record<string, string>): Promise<Measured> {
  const begun = performance.now();
  const run = execa(process.execPath, ['bin/stillpoint.js', '-c', config, 'backup', '--json'], {
    env,
  });
  let peakMemory = 0;
  const watch = setInterval(() => {
    void readFile(`/proc/${run.pid ?? 0}/status`, 'utf8').then(
      (status) => {
        const kilobytes = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
        peakMemory = Math.max(peakMemory, kilobytes * 1024);
      },
      () => undefined,
    );
  }, 50);
  try {
    const record = JSON.parse((await run).stdout) as BackupRecord;
    const seconds = (performance.now() - begun) / 1000;
    return { seconds, storedBytes: record.bytes.stored, pause: record.pauseSeconds, peakMemory };
  } finally {
    clearInterval(watch);
  }
}
