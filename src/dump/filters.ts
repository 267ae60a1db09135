import type { Command } from '../util/command.js';
import type { DumpOptions } from './dump.js';

/** The programs between mysqldump and the store. */
export function filtersOf(
  options: Pick<DumpOptions, 'compression' | 'recipients'> & {
    tools: Pick<DumpOptions['tools'], 'zstd' | 'age'>;
  },
): Command[] {
  const { level, threads = 1 } = options.compression;
  const zstd = { file: options.tools.zstd, args: ['-q', '-c', `-${level}`, `-T${threads}`] };
  if (options.recipients.length === 0 || options.tools.age === null) return [zstd];
  return [zstd, { file: options.tools.age, args: ['--encrypt', ...options.recipients] }];
}
