import { tableText } from '../../src/cli/output/table.js';
import { median } from './median.js';
import type { Group, Measure, WritesMeasure } from './results.js';
import { ratio, summarize } from './summary.js';

/** What the times of others are divided by: our backup as it is by default, and one that takes no checksums, as nobody else does. */
export const bases = [
  'stillpoint, hold: dump',
  'stillpoint, hold: snapshot, no checksums',
] as const;

const text = (value: number | null, unit: string, digits: number) =>
  value === null ? '-' : `${value.toFixed(digits)} ${unit}`;
const times = (value: number | null) => (value === null ? '-' : `${value.toFixed(2)} ×`);
const mega = (value: number | null) => text(value && value / 1e6, 'MB', 0);

/** The tables of one data set, with a title; empty where nothing was measured. */
export function groupReport(group: Group): string {
  const { engine, version, data, dataBytes, tables, dumps, restores, writes } = group;
  const title = `${engine} ${version}, ${data}: ${tables} ${tables === 1 ? 'table' : 'tables'}, ${(dataBytes / 1e6).toFixed(0)} MB`;
  const found = [
    dumps.length > 0 ? dumpTable(dumps, dataBytes) : '',
    restores.length > 0 ? restoreTable(restores, dataBytes) : '',
    writes.length > 0 ? writesTable(writes) : '',
  ].filter((one) => one !== '');
  return found.length === 0 ? '' : [title, ...found].join('\n\n');
}

function dumpTable(measures: readonly Measure[], dataBytes: number): string {
  const rows = summarize(measures).map((one) => [
    one.contender,
    text(one.seconds, 's', 2),
    rate(dataBytes, one.seconds),
    text(one.pause, 's', 3),
    text(one.cpuSeconds, 's', 1),
    text(one.serverCpuSeconds, 's', 1),
    mega(one.peakMemory),
    mega(one.storedBytes),
    ...bases.map((base) => of(measures, one.contender, base)),
  ]);
  const head = [
    'medians',
    'time',
    'data',
    'pause',
    'CPU',
    "replica's",
    'memory',
    'stored',
    '÷ dump',
  ];
  return tableText([...head, '÷ snapshot'], rows, [...head.slice(1), '÷ snapshot']);
}

function restoreTable(measures: readonly Measure[], dataBytes: number): string {
  const rows = summarize(measures).map((one) => [
    one.contender,
    text(one.seconds, 's', 2),
    rate(dataBytes, one.seconds),
    text(one.cpuSeconds, 's', 1),
    one.contender.endsWith('drill') ? '-' : text(one.serverCpuSeconds, 's', 1),
    mega(one.peakMemory),
    of(measures, one.contender, 'stillpoint restore'),
  ]);
  const head = ['medians', 'time', 'data', 'CPU', "server's", 'memory', '÷ stillpoint restore'];
  return tableText(head, rows, head.slice(1));
}

function writesTable(measures: readonly WritesMeasure[]): string {
  const during = (name: string) => measures.filter((one) => one.during === name);
  const rows = [...new Set(measures.map((one) => one.during))].map((name) => [
    name,
    text(median(during(name).map(({ rate }) => rate)), '/s', 0),
    times(ratio(during(name), during('no backup'), ({ rate }) => rate)),
  ]);
  const head = ['medians, at the source', 'transactions', '÷ no backup'];
  return tableText(head, rows, head.slice(1));
}

function rate(bytes: number, seconds: number | null): string {
  return text(seconds && bytes / 1e6 / seconds, 'MB/s', 1);
}

function of(measures: readonly Measure[], contender: string, base: string): string {
  const named = (name: string) => measures.filter((one) => one.contender === name);
  return times(ratio(named(contender), named(base), ({ seconds }) => seconds));
}

/** What the columns mean, where it is not plain. */
export const legend = `medians of all rounds; ÷ dump, ÷ snapshot: the time, as a multiple of that of "${bases[0]}" and of
"${bases[1]}", the median of the rounds
pause: how long the replica's SQL thread was stopped; what only a lock holds back is not in it
CPU: of the contender's processes and the upload; replica's: of the server that was read
memory: the most that the first process of the contender held; MB: 1,000,000 bytes`;
