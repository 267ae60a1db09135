import { execa } from 'execa';
import type { RigServer } from '../rig/index.js';
import { aptInstall, which } from '../rig/tools.js';

export const tables = 4;

/** Fills `sbtest.sbtest1` to `sbtest4` with sysbench's rows, about 200 bytes of SQL each. */
export async function fill(source: RigServer, rowsPerTable: number): Promise<void> {
  if (which('sysbench') === null) await aptInstall(['sysbench'], (line) => console.log(line));
  await source.query('CREATE DATABASE sbtest');
  await execa('sysbench', [
    'oltp_write_only',
    '--db-driver=mysql',
    `--mysql-socket=${source.socketPath}`,
    '--mysql-user=root',
    '--mysql-db=sbtest',
    `--tables=${tables}`,
    `--table-size=${rowsPerTable}`,
    '--threads=2',
    'prepare',
  ]);
}
