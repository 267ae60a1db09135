import { readFile, writeFile } from 'node:fs/promises';
import type { Engine } from '../rig/index.js';
import type { DataSet } from './data.js';

/** What one run of a contender took. */
export interface Measured {
  seconds: number;
  /** Seconds that the replica's SQL thread was stopped; null when it was not. */
  pause: number | null;
  /** User and system time of the contender's processes, the upload included. */
  cpuSeconds: number;
  /** The same of the server that was read or filled, while it ran. */
  serverCpuSeconds: number;
  /** The most that the contender's first process held, in bytes: mysqldump, mydumper, our coordinator. */
  peakMemory: number | null;
  /** 0 of a restore. */
  storedBytes: number;
}

/** A measure, and whose it is. `round` counts from 1. */
export interface Measure extends Measured {
  contender: string;
  round: number;
}

/** Transactions a second at the source, during the backups that `during` names. */
export interface WritesMeasure {
  during: string;
  round: number;
  rate: number;
}

/** All measures of one data set on one engine. */
export interface Group {
  engine: Engine;
  version: string;
  data: DataSet;
  /** As the server says it of the tables' pages. */
  dataBytes: number;
  tables: number;
  dumps: Measure[];
  restores: Measure[];
  writes: WritesMeasure[];
}

/** What `--json` writes. */
export interface Results {
  format: 1;
  finishedAt: string;
  cores: number;
  /** Of the machine, in bytes. */
  memory: number;
  node: string;
  groups: Group[];
}

export async function writeResults(file: string, results: Results): Promise<void> {
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
}

export async function readResults(file: string): Promise<Results> {
  const results = JSON.parse(await readFile(file, 'utf8')) as Partial<Results>;
  if (results.format === 1) return results as Results;
  throw new Error(`${file}: not written by npm run bench -- --json`);
}
