import { execa } from 'execa';
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tableText } from '../../src/cli/output/table.js';
import type { DrillRecord } from '../../src/catalog/drillRecord.js';
import { median } from './median.js';
import type { EngineTools, RigServer } from '../rig/index.js';
import { aptInstall, which } from '../rig/tools.js';

/** Where the contenders restore to, and with what. */
export interface Loader {
  tools: EngineTools;
  target: RigServer;
  /** Of mysqldump and mysql, for the replica and for the target. */
  replicaOptions: string;
  targetOptions: string;
  replica: RigServer;
  folder: string;
  parallel: number;
}

/**
 * Restores the same data in several ways, in turn, into one server, and drills it; prints medians and
 * each one's time as a multiple of stillpoint's. `config` has a backup in its store.
 */
export async function benchRestores(
  loader: Loader,
  config: string,
  { rounds, bytes }: { rounds: number; bytes: number },
): Promise<void> {
  await execa(process.execPath, ['bin/stillpoint.js', '-c', config, 'backup', '-q']);
  const file = await makeOneFile(loader);
  const folder = await makeMydumper(loader);
  const contenders: [string, () => Promise<number>][] = [
    ['zstd -d | mysql, one file', async () => await oneStream(loader, file)],
    ['stillpoint restore', async () => await stillpointRestore(loader, config)],
    ...(folder === null
      ? []
      : [
          ['myloader', async () => await myloader(loader, folder)] as [
            string,
            () => Promise<number>,
          ],
        ]),
  ];
  const times = new Map<string, number[]>(contenders.map(([name]) => [name, []]));
  const drills: DrillRecord[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, run] of contenders) {
      const seconds = await run();
      times.get(name)?.push(seconds);
      console.log(`round ${round}  ${name.padEnd(30)} ${seconds.toFixed(2)} s`);
    }
    await drop(loader);
    drills.push(await drill(config));
    console.log(
      `round ${round}  ${'stillpoint drill'.padEnd(30)} ${drills.at(-1)?.seconds.total ?? 0} s`,
    );
  }
  const own = median(times.get('stillpoint restore') ?? []) ?? 1;
  const rows = [...times].map(([name, all]) => {
    const seconds = median(all) ?? 0;
    return [
      name,
      `${seconds.toFixed(2)} s`,
      `${(bytes / 1e6 / seconds).toFixed(1)} MB/s`,
      `${(seconds / own).toFixed(2)} ×`,
    ];
  });
  const head = ['medians', 'time', 'data', 'of stillpoint'];
  console.log(`\n${tableText(head, rows, head.slice(1))}\n`);
  const phases = ['download', 'restore', 'checks', 'total'] as const;
  const split = phases.map(
    (name) => `${(median(drills.map(({ seconds }) => seconds[name])) ?? 0).toFixed(2)} s`,
  );
  console.log(tableText(['medians', ...phases], [['stillpoint drill', ...split]], [...phases]));
}

/** One dump of everything in one file, as `mysqldump | zstd` leaves it. */
async function makeOneFile({ tools, replica, replicaOptions, folder }: Loader): Promise<string> {
  const file = join(folder, 'one.sql.zst');
  const dump = spawn(
    tools.mysqldump,
    [
      `--defaults-file=${replicaOptions}`,
      '--single-transaction',
      ...(replica.engine === 'mysql' ? ['--set-gtid-purged=OFF'] : []),
      '--databases',
      'sbtest',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const zstd = spawn('zstd', ['-q', '-f', '-1', '-o', file], {
    stdio: [dump.stdout, 'inherit', 'inherit'],
  });
  await new Promise((resolve) => zstd.once('exit', resolve));
  return file;
}

/** `zstd -d | mysql`: seconds. */
async function oneStream(loader: Loader, file: string): Promise<number> {
  await drop(loader);
  const begun = performance.now();
  const zstd = spawn('zstd', ['-q', '-d', '-c', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const mysql = spawn(loader.tools.mysql, [`--defaults-file=${loader.targetOptions}`], {
    stdio: [zstd.stdout, 'ignore', 'inherit'],
  });
  const status = await new Promise((resolve) => mysql.once('exit', resolve));
  if (status !== 0) throw new Error(`mysql ended with ${String(status)}`);
  return (performance.now() - begun) / 1000;
}

/** `stillpoint restore`: seconds. */
async function stillpointRestore(loader: Loader, config: string): Promise<number> {
  await drop(loader);
  const begun = performance.now();
  const args = ['-c', config, 'restore', 'latest', '--to', 'third', '-q'];
  await execa(process.execPath, ['bin/stillpoint.js', ...args], { stderr: 'inherit' });
  return (performance.now() - begun) / 1000;
}

/** A folder that mydumper has filled; null where there is no mydumper. */
async function makeMydumper(loader: Loader): Promise<string | null> {
  if (which('mydumper') === null) {
    await aptInstall(['mydumper'], (line) => console.log(line)).catch(() => undefined);
  }
  if (which('mydumper') === null) return null;
  const output = join(loader.folder, 'mydumper');
  await mkdir(output, { recursive: true });
  const dumped = await execa(
    'mydumper',
    [
      '-S',
      loader.replica.socketPath,
      '-u',
      'root',
      '-B',
      'sbtest',
      '-t',
      String(loader.parallel),
      '-c',
      '-o',
      output,
    ],
    { reject: false },
  );
  if (!dumped.failed) return output;
  console.log(`mydumper does not work here: ${dumped.stderr.split('\n').at(-1) ?? ''}`);
  return null;
}

/** `myloader`: seconds. */
async function myloader(loader: Loader, folder: string): Promise<number> {
  await drop(loader);
  const begun = performance.now();
  const { socketPath } = loader.target;
  await execa('myloader', [
    '-S',
    socketPath,
    '-u',
    'root',
    '-t',
    String(loader.parallel),
    '-d',
    folder,
  ]);
  return (performance.now() - begun) / 1000;
}

/** `stillpoint drill`: its record. */
async function drill(config: string): Promise<DrillRecord> {
  const args = ['-c', config, 'drill', '--json'];
  const { stdout } = await execa(process.execPath, ['bin/stillpoint.js', ...args]);
  return JSON.parse(stdout) as DrillRecord;
}

async function drop({ target }: Loader): Promise<void> {
  await target.query('DROP DATABASE IF EXISTS sbtest');
}
