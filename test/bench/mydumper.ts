import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RigServer } from '../rig/index.js';
import { aptInstall, which } from '../rig/tools.js';
import type { Contend } from './gauge.js';
import type { Setting } from './setting.js';
import { uploadFolder } from './upload.js';

/** A mydumper, and the myloader of the same version. */
export interface Mydumper {
  version: string;
  mydumper: string;
  myloader: string;
  /** It can send files through a program: 0.12 and newer. Older ones know gzip only. */
  hasFilter: boolean;
}

/** Finds the one that is named, else the one on the PATH, which is installed where that can be; null: none. */
export async function findMydumper(
  named: string | null,
  say: (line: string) => void,
): Promise<Mydumper | null> {
  if (named === null && which('mydumper') === null)
    await aptInstall(['mydumper'], say).catch(() => undefined);
  const mydumper = named ?? which('mydumper');
  if (mydumper === null) return null;
  const { stdout } = await execa(mydumper, ['--version']);
  const beside = join(dirname(mydumper), 'myloader');
  const help = await execa(mydumper, ['--help'], { reject: false, all: true });
  return {
    version: /mydumper v?([\d.]+[\d])/.exec(stdout)?.[1] ?? stdout,
    mydumper,
    myloader: existsSync(beside) ? beside : 'myloader',
    hasFilter: help.all.includes('--exec-per-thread'),
  };
}

/** What to call it: how it comes to zstd differs. */
export function mydumperName({ version, hasFilter }: Mydumper): string {
  return `mydumper ${version}${hasFilter ? ', zstd -1' : ', then zstd -1'}, uploaded`;
}

/** mydumper into a folder, compressed by zstd -1, and the folder uploaded. */
export function mydumped(setting: Setting, tool: Mydumper): Contend {
  return async (watch) => {
    const output = await mkdtemp(join(setting.folder, 'mydumper-'));
    try {
      await dumpInto(setting, tool, output, watch);
      return { storedBytes: await uploadFolder(setting.store, output) };
    } finally {
      await rm(output, { recursive: true });
    }
  };
}

/** Fills the folder with files compressed by zstd -1: by itself, or afterwards where it knows no zstd. */
async function dumpInto(
  setting: Setting,
  tool: Mydumper,
  output: string,
  watch: (pid: number | undefined) => void,
): Promise<void> {
  const running = execa(tool.mydumper, [
    ...(await connection(setting, tool, setting.pair.replica)),
    ...['-B', 'sbtest', '-o', output],
    ...(tool.hasFilter ? throughZstd : []),
  ]);
  watch(running.pid);
  await running;
  if (tool.hasFilter) return;
  await execa('zstd', ['-q', '-1', `-T${setting.parallel}`, '--rm', '-r', output]);
}

/** Fills the folder with files that its own myloader reads, which knows gzip where there is no zstd. */
export async function makeLoadable(
  setting: Setting,
  tool: Mydumper,
  output: string,
): Promise<void> {
  const compressed = tool.hasFilter ? throughZstd : ['-c'];
  const own = await connection(setting, tool, setting.pair.replica);
  const args = [...own, '-B', 'sbtest', '-o', output];
  await execa(tool.mydumper, [...args, ...compressed]);
}

const throughZstd = [
  '--exec-per-thread',
  `${which('zstd') ?? 'zstd'} -q -1 -c`,
  '--exec-per-thread-extension',
  '.zst',
];

/** Options that mydumper and myloader share. */
export async function connection(
  { parallel, engine, tools, folder }: Setting,
  { hasFilter }: Mydumper,
  { socketPath }: RigServer,
): Promise<string[]> {
  const args = ['-S', socketPath, '-u', 'root', '-t', String(parallel)];
  if (!hasFilter || engine !== 'mysql') return args;
  // It does not know a MySQL that Debian has built, and dies of the words of older ones and of the
  // format in which MySQL 9 explains.
  const number = /^\d+\.\d+\.\d+/.exec(tools.version)?.[0] ?? tools.version;
  const file = join(folder, 'mydumper.cnf');
  await writeFile(file, '[mydumper_session_variables]\nexplain_format=TRADITIONAL\n');
  return [...args, '--server-version', `mysql-${number}`, '--defaults-extra-file', file];
}
