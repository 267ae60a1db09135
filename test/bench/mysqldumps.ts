import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { chain } from './chain.js';
import type { Contend } from './gauge.js';
import type { Setting } from './setting.js';
import { uploadChain } from './upload.js';

export const zstd = ['zstd', '-q', '-1', '-c'];

/** A mysqldump of `sbtest`, or of some of its tables, from the replica. */
function dump(
  { tools, engine, replicaOptions }: Setting,
  { tables = [], more = [] }: { tables?: readonly string[]; more?: readonly string[] } = {},
): string[] {
  return [
    tools.mysqldump,
    `--defaults-file=${replicaOptions}`,
    '--single-transaction',
    '--quick',
    '--no-tablespaces',
    ...(engine === 'mysql' ? ['--set-gtid-purged=OFF'] : []),
    ...more,
    'sbtest',
    ...tables,
  ];
}

/** `mysqldump | compressor`, uploaded as one object. */
export function piped(setting: Setting, compressor: string[], more: string[] = []): Contend {
  return async (watch) => {
    const running = chain(dump(setting, { more }), compressor);
    watch(running.pid);
    return { storedBytes: await uploadChain(setting.store, running) };
  };
}

/** Several `mysqldump | zstd -1 > file` at once, the tables dealt out among them. */
export function bare(setting: Setting, tables: readonly string[]): Contend {
  const hands = Array.from({ length: setting.parallel }, (_, i) =>
    tables.filter((_name, at) => at % setting.parallel === i),
  ).filter((hand) => hand.length > 0);
  return async (watch) => {
    const sizes = await Promise.all(
      hands.map(async (hand, i) => {
        const running = chain(dump(setting, { tables: hand }), zstd);
        watch(running.pid);
        const file = createWriteStream(join(setting.folder, `bare-${i}.zst`));
        await pipeline(running.stdout, file);
        await running.ended;
        return file.bytesWritten;
      }),
    );
    return { storedBytes: sizes.reduce((sum, size) => sum + size, 0) };
  };
}
