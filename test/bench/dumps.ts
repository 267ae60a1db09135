import { ExecaError } from 'execa';
import type { DataSet } from './data.js';
import { measure, type Contend } from './gauge.js';
import { copied, findMariadbBackup } from './mariadbBackup.js';
import { findMydumper, mydumped, mydumperName } from './mydumper.js';
import { bare, piped, zstd } from './mysqldumps.js';
import type { BenchOptions } from './options.js';
import { watchPause } from './pause.js';
import type { Measure } from './results.js';
import type { Setting } from './setting.js';
import { backedUp } from './stillpoint.js';

/** Who takes part, in the order of the table. */
async function contenders(
  setting: Setting,
  data: DataSet,
  { mydumper: named }: BenchOptions,
): Promise<[name: string, run: Contend][]> {
  const { pair, parallel, engine, say } = setting;
  const tables = await pair.replica.query<{ name: string }>(
    "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'sbtest'",
  );
  const names = tables.map(({ name }) => name);
  const stopping = engine === 'mysql' ? '--dump-replica' : '--dump-slave';
  const all: [string, Contend][] = [
    ['mysqldump | gzip, uploaded', piped(setting, ['gzip'])],
    ['mysqldump | zstd -1, uploaded', piped(setting, zstd)],
    [`mysqldump ${stopping} | zstd -1, uploaded`, piped(setting, zstd, [stopping])],
    [`${parallel} × mysqldump | zstd -1 > file`, bare(setting, names)],
  ];
  const mydumper = await findMydumper(named, say);
  if (mydumper === null) say('left out: mydumper is not installed (--mydumper FILE names one)');
  else all.push([mydumperName(mydumper), mydumped(setting, mydumper)]);
  if (engine === 'mariadb') {
    const program = await findMariadbBackup(say);
    if (program === null) say('left out: mariadb-backup is not installed');
    else all.push(['mariadb-backup | zstd -1, uploaded', copied(setting, program)]);
  }
  for (const hold of ['dump', 'snapshot'] as const) {
    const ours = (way: string) => `stillpoint, hold: ${hold}${way}`;
    all.push([ours(''), await backedUp(setting, { hold, parallel, checksums: true })]);
    const lean = { hold, parallel, checksums: false };
    all.push([ours(', no checksums'), await backedUp(setting, lean)]);
    if (data === 'huge')
      all.push([
        ours(', no checksums, parallel: 1'),
        await backedUp(setting, { ...lean, parallel: 1 }),
      ]);
    if (hold === 'dump')
      all.push([
        ours(', no checksums, into a folder'),
        await backedUp(setting, { ...lean, into: 'folder' }),
      ]);
  }
  return all;
}

/** Every contender once a round. One that fails is told of and left out from then on. */
export async function benchDumps(
  setting: Setting,
  data: DataSet,
  options: BenchOptions,
): Promise<Measure[]> {
  const { pair, watched, say } = setting;
  const measures: Measure[] = [];
  const taking = new Map(await contenders(setting, data, options));
  for (const name of taking.keys()) if (!isWanted(name, options.only)) taking.delete(name);
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const [name, contend] of taking) {
      const once = async () => await measure(pair.replica, contend);
      // Who asks all the time whether the replica is stopped would lengthen a short pause of ours.
      const isOurs = name.startsWith('stillpoint');
      const told = (line: string) => say(`${name}: ${line}`);
      const run = async (): Promise<Measure> => {
        if (isOurs) return { contender: name, round, ...(await once()) };
        const { result, pause } = await watchPause(watched, told, once);
        return { contender: name, round, ...result, pause };
      };
      try {
        const measured = await run();
        measures.push(measured);
        say(`round ${round}  ${name.padEnd(48)} ${measured.seconds.toFixed(2)} s`);
      } catch (error) {
        if (isOurs) throw error;
        say(`left out: ${name}: ${oneLine(error)}`);
        taking.delete(name);
      }
      await setting.emptyStore();
      await pair.waitForCatchUp();
    }
  }
  return measures;
}

/** Does the name hold one of these texts, where there are any? */
export function isWanted(name: string, only: readonly string[]): boolean {
  return only.length === 0 || only.some((text) => name.includes(text));
}

/** How it ended, and the last that it said. */
export function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const how = error instanceof ExecaError && error.signal ? `${error.signal}: ` : '';
  return how + (text.trim().split('\n').at(-1) ?? '');
}
