import { execa } from 'execa';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { DrillRecord } from '../../src/catalog/drillRecord.js';
import { chain } from './chain.js';
import { isWanted, oneLine } from './dumps.js';
import { measure, type Contend } from './gauge.js';
import { connection, findMydumper, makeLoadable, type Mydumper } from './mydumper.js';
import type { BenchOptions } from './options.js';
import type { Measure } from './results.js';
import { configFor, type Setting } from './setting.js';

/**
 * Restores the same data in several ways, in turn, into one server, and drills it. One that fails is told
 * of and left out from then on.
 */
export async function benchRestores(
  setting: Setting,
  { rounds, mydumper: named, only }: BenchOptions,
): Promise<Measure[]> {
  const { target, parallel, say } = setting;
  const config = await configFor(setting, { dump: { parallel } }, 'folder');
  const all: [name: string, run: Contend][] = [
    ['zstd -d | mysql, one file', oneStream(setting, join(setting.folder, 'one.sql.zst'))],
    ['stillpoint restore', restored(config)],
    ['stillpoint drill', drilled(config)],
  ];
  const mydumper = await findMydumper(named, say);
  if (mydumper === null) say('left out: myloader is not installed (--mydumper FILE names one)');
  else {
    const folder = await mkdtemp(join(setting.folder, 'mydumper-'));
    try {
      await makeLoadable(setting, mydumper, folder);
      all.splice(1, 0, [`myloader ${mydumper.version}`, loaded(setting, mydumper, folder)]);
    } catch (error) {
      say(`left out: myloader ${mydumper.version}: nothing to load: ${oneLine(error)}`);
    }
  }
  const taking = new Map(all.filter(([name]) => isWanted(name, only)));
  if (taking.size === 0) return [];
  await execa(process.execPath, ['bin/stillpoint.js', '-c', config, 'backup', '-q']);
  await makeOneFile(setting, join(setting.folder, 'one.sql.zst'));

  const measures: Measure[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, contend] of taking) {
      await target.query('DROP DATABASE IF EXISTS sbtest');
      try {
        // A drill has a server of its own: what it asks of that is in its own seconds.
        const measured = await measure(target, contend);
        measures.push({ contender: name, round, ...measured });
        say(`round ${round}  ${name.padEnd(48)} ${measured.seconds.toFixed(2)} s`);
      } catch (error) {
        if (name.startsWith('stillpoint')) throw error;
        say(`left out: ${name}: ${oneLine(error)}`);
        taking.delete(name);
      }
    }
  }
  return measures;
}

/** One dump of everything in one file, as `mysqldump | zstd` leaves it. */
async function makeOneFile(setting: Setting, file: string): Promise<void> {
  const { tools, engine, replicaOptions } = setting;
  const dump = [
    `--defaults-file=${replicaOptions}`,
    '--single-transaction',
    ...(engine === 'mysql' ? ['--set-gtid-purged=OFF'] : []),
    '--databases',
    'sbtest',
  ];
  await execa(tools.mysqldump, dump, { buffer: false }).pipe('zstd', [
    '-q',
    '-f',
    '-1',
    '-o',
    file,
  ]);
}

/** `zstd -d | mysql`. */
function oneStream({ tools, targetOptions }: Setting, file: string): Contend {
  return async () => {
    const running = chain(
      ['zstd', '-q', '-d', '-c', file],
      [tools.mysql, `--defaults-file=${targetOptions}`],
    );
    running.stdout.resume();
    await running.ended;
    return { storedBytes: 0 };
  };
}

/** `stillpoint restore`. */
function restored(config: string): Contend {
  return async (watch) => {
    const args = ['-c', config, 'restore', 'latest', '--to', 'third', '-q'];
    const running = execa(process.execPath, ['bin/stillpoint.js', ...args]);
    watch(running.pid);
    await running;
    return { storedBytes: 0 };
  };
}

/** `myloader` of a folder that its mydumper has filled. */
function loaded(setting: Setting, tool: Mydumper, folder: string): Contend {
  return async (watch) => {
    const own = await connection(setting, tool, setting.target);
    const running = execa(tool.myloader, [...own, '-d', folder]);
    watch(running.pid);
    await running;
    return { storedBytes: 0 };
  };
}

/** `stillpoint drill`. */
function drilled(config: string): Contend {
  return async (watch) => {
    const args = ['-c', config, 'drill', '--json'];
    const running = execa(process.execPath, ['bin/stillpoint.js', ...args]);
    watch(running.pid);
    const { status } = JSON.parse((await running).stdout) as DrillRecord;
    if (status !== 'passed') throw new Error(`the drill ${status}`);
    return { storedBytes: 0 };
  };
}
