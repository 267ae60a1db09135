import { execa } from 'execa';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RigServer } from '../rig/index.js';
import type { BenchOptions } from './options.js';
import type { WritesMeasure } from './results.js';
import { configFor, type Setting } from './setting.js';
import { backupCommand } from './stillpoint.js';
import { fillSysbench, writeSysbench } from './sysbench.js';

/** Tables of their own, which the backups leave alone: their changes reach the replica all the same. */
const tables = { tables: 4, rows: 10_000, database: 'writes' };
/** Stands for a machine: the source and its writers have the first core, all others share the second. */
const [atSource, atReplica] = ['0', '1'];

/**
 * Transactions a second at the source without a backup and while its replica is backed up, one backup
 * after the other, in turn. Both servers have a core of their own, as they have a machine of their own
 * elsewhere; what they share is memory and the kernel.
 */
export async function benchWrites(
  setting: Setting,
  { rounds, seconds, sessions }: BenchOptions,
): Promise<WritesMeasure[]> {
  const { pair, parallel, say } = setting;
  await fillSysbench(pair.source, tables);
  await pair.waitForCatchUp();
  await pin(pair.source, atSource);
  await pin(pair.replica, atReplica);
  const hold = async (name: 'dump' | 'snapshot') =>
    await configFor(setting, {
      // Backups follow each other without waiting for a replica that is written to all the time.
      freeze: { hold: name, maxLag: '1h', catchUpTimeout: '0s' },
      dump: { parallel },
    });
  const cases: [string, string | null][] = [
    ['no backup', null],
    ['hold: dump', await hold('dump')],
    ['hold: snapshot', await hold('snapshot')],
  ];
  const before = ['taskset', '-c', atSource];
  const write = async () => await writeSysbench(pair.source, tables, { seconds, sessions, before });
  // The first writes find everything cold.
  await write();
  await pair.waitForCatchUp();
  const measures: WritesMeasure[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const [during, config] of cases) {
      const backups = config === null ? null : keepBackingUp(setting, config);
      const rate = await write();
      const count = await backups?.stop();
      measures.push({ during, round, rate });
      const note = count === undefined ? '' : `, ${count} ${count === 1 ? 'backup' : 'backups'}`;
      say(`round ${round}  ${during.padEnd(48)} ${rate.toFixed(0)} transactions/s${note}`);
      await pair.waitForCatchUp();
      await setting.emptyStore();
    }
  }
  return measures;
}

/** Takes backups until it is stopped, which waits for the last and answers how many there were. */
function keepBackingUp({ env }: Setting, config: string): { stop: () => Promise<number> } {
  const over = new AbortController();
  const command = ['-c', atReplica, process.execPath, ...backupCommand(config)];
  const all = (async () => {
    let count = 0;
    for (; !over.signal.aborted; count += 1) await execa('taskset', command, { env });
    return count;
  })();
  // Thrown by stop().
  all.catch(() => undefined);
  return {
    stop: async () => {
      over.abort();
      return await all;
    },
  };
}

/** Keeps every thread of a server on one core. */
async function pin({ dataDir }: RigServer, core: string): Promise<void> {
  const pid = (await readFile(join(dataDir, 'server.pid'), 'utf8')).trim();
  await execa('taskset', ['-a', '-c', '-p', core, pid]);
}
