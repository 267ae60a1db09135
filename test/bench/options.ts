import { parseArgs } from 'node:util';
import { engines, type Engine } from '../rig/index.js';
import { dataSets, type DataSet } from './data.js';

export const parts = ['dump', 'restore', 'writes', 'list'] as const;
export type Part = (typeof parts)[number];

/** What a run of the bench was asked for. */
export interface BenchOptions {
  engines: Engine[];
  data: DataSet[];
  parts: Part[];
  /** Rows of each of the four uniform tables; the other data sets hold about as many bytes, `small` excepted. */
  rows: number;
  /** How many tables `small` has. */
  tables: number;
  rounds: number;
  /** Names of contenders must contain one of these; empty: all run. */
  only: string[];
  /** Path of a mydumper, with its myloader beside it; null: as found on the PATH. */
  mydumper: string | null;
  /** Seconds of writing in one measure of `writes`, and its sessions. */
  seconds: number;
  sessions: number;
  /** Backups in the store of `list`. */
  backups: number;
  /** Where the data and the stored files lie; null: in memory where that is roomy. */
  folder: string | null;
  json: string | null;
  plot: string | null;
  /** Measures of an earlier run (its --json), to be shown in place of a new one. */
  from: string | null;
}

const help = `npm run bench [-- ENGINE…] [options]

  ENGINE            mariadb, mysql; default: both
  --data NAMES      uniform (4 tables), huge (one table), small (10,000 tables of a few rows),
                    wide (long texts); several with commas; default: uniform
  --part NAMES      dump, restore, writes (at the source during backups), list (of many backups);
                    default: dump,restore
  --rows N          rows of each uniform table, 800000; huge and wide hold about as many bytes
  --tables N        tables of the data set small, 10000
  --rounds N        3; every contender runs once a round
  --only TEXT       contenders whose name contains it; may be given several times
  --mydumper FILE   a mydumper with its myloader beside it; default: the one on the PATH
  --seconds N       of writing in one measure of --part writes, 10; --sessions N writes at once, 4
  --backups N       in the store of --part list, 5000
  --folder DIR      for the data of all servers and the S3 service, which else lie in memory where that
                    is roomy
  --json FILE       all measures; --from FILE shows them again
  --plot FILE       an SVG of the dumps
`;

/** Reads the command line; prints the help and ends the process where that is asked for. */
export function readOptions(args: string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      data: { type: 'string', default: 'uniform' },
      part: { type: 'string', default: 'dump,restore' },
      rows: { type: 'string', default: '800000' },
      tables: { type: 'string', default: '10000' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', multiple: true, default: [] },
      mydumper: { type: 'string' },
      seconds: { type: 'string', default: '10' },
      sessions: { type: 'string', default: '4' },
      backups: { type: 'string', default: '5000' },
      folder: { type: 'string' },
      json: { type: 'string' },
      plot: { type: 'string' },
      from: { type: 'string' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    process.exit();
  }
  return {
    engines: positionals.length === 0 ? [...engines] : chosen('engine', positionals, engines),
    data: chosen('--data', values.data.split(','), dataSets),
    parts: chosen('--part', values.part.split(','), parts),
    rows: count('--rows', values.rows),
    tables: count('--tables', values.tables),
    rounds: count('--rounds', values.rounds),
    seconds: count('--seconds', values.seconds),
    sessions: count('--sessions', values.sessions),
    backups: count('--backups', values.backups),
    only: values.only,
    mydumper: values.mydumper ?? null,
    folder: values.folder ?? null,
    json: values.json ?? null,
    plot: values.plot ?? null,
    from: values.from ?? null,
  };
}

function chosen<T extends string>(what: string, names: string[], known: readonly T[]): T[] {
  return names.map((name) => {
    const found = known.find((one) => one === name);
    if (found === undefined)
      throw new Error(`${what}: expected one of ${known.join(', ')}, got "${name}"`);
    return found;
  });
}

function count(what: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${what}: expected a whole number above 0, got "${text}"`);
}
