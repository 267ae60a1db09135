import { execa } from 'execa';
import type { RigServer } from '../rig/index.js';
import { aptInstall, which } from '../rig/tools.js';

interface Tables {
  tables: number;
  /** Of each table. */
  rows: number;
  database?: string;
}

function common(server: RigServer, { tables, rows, database = 'sbtest' }: Tables): string[] {
  return [
    'oltp_write_only',
    '--db-driver=mysql',
    `--mysql-socket=${server.socketPath}`,
    '--mysql-user=root',
    `--mysql-db=${database}`,
    `--tables=${tables}`,
    `--table-size=${rows}`,
  ];
}

/** Makes a database with `sbtest1`, `sbtest2` … of sysbench's rows, about 200 bytes of SQL each. */
export async function fillSysbench(source: RigServer, tables: Tables): Promise<void> {
  if (which('sysbench') === null) await aptInstall(['sysbench'], (line) => console.log(line));
  await source.query(`CREATE DATABASE ${tables.database ?? 'sbtest'}`);
  await execa('sysbench', [...common(source, tables), '--threads=2', 'prepare']);
}

/** Writes into those tables for some seconds; answers with transactions a second. `before` leads the command. */
export async function writeSysbench(
  source: RigServer,
  tables: Tables,
  { seconds, sessions, before }: { seconds: number; sessions: number; before: string[] },
): Promise<number> {
  const run = [`--threads=${sessions}`, `--time=${seconds}`, 'run'];
  const [file, ...args] = [...before, 'sysbench', ...common(source, tables), ...run];
  const { stdout } = await execa(file!, args);
  const rate = /transactions:\s+\d+\s+\(([\d.]+) per sec/.exec(stdout)?.[1];
  if (rate === undefined) throw new Error(`sysbench said nothing of transactions: ${stdout}`);
  return Number(rate);
}
