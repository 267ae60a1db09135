import type { DrillRecord } from '../../src/catalog/drillRecord.js';
import type { BackupRecord } from '../../src/catalog/records.js';
import { idAt, ms, randomFrom, second } from './sample.js';

export interface SampleDrillOptions {
  failed?: boolean;
  random?: () => number;
  /** Tables of the backup. */
  tables?: number;
  /** Parts loaded at once. */
  lanes?: number;
  catchUp?: boolean;
}

const commonTables = [
  ['shop', 'order_line', 9.1e9],
  ['shop', 'orders', 5.2e9],
  ['shop', 'stock_movement', 4.4e9],
  ['web', 'session', 3.9e9],
  ['shop', 'customer', 2.1e9],
  ['web', 'page_view', 1.8e9],
  ['shop', 'invoice', 1.5e9],
  ['shop', 'address', 0.8e9],
  ['shop', 'product', 0.35e9],
  ['web', 'redirect', 0.12e9],
] as const;

/** A drill of `backup`, begun two hours after it. */
export function sampleDrill(backup: BackupRecord, options: SampleDrillOptions = {}): DrillRecord {
  const { failed = false, random = randomFrom(3), tables = 34, lanes = 4 } = options;
  const { catchUp = true } = options;
  const at = new Date(Date.parse(backup.pausedAt) + 7200 * second);
  const scale = backup.bytes.plain / 41e9;
  const download = ms(38 * scale * (0.9 + 0.2 * random()));
  const begin = ms(download + 2.6);
  const sizes = tableSizes(tables, scale, random);
  const parts = loadedParts(backup, sizes, { begin, lanes, random });
  const restore = ms(Math.max(...parts.map((part) => part.from + part.seconds)) - begin);
  const checks = ms(21 * scale * (0.9 + 0.2 * random()));
  const caughtUp = catchUp && !failed ? ms(74 * (0.8 + 0.5 * random())) : null;
  const phases: DrillRecord['phases'] = [];
  let clock = 0;
  const phase = (name: DrillRecord['phases'][number]['name'], seconds: number) => {
    phases.push({ name, from: ms(clock), seconds: ms(seconds) });
    clock += seconds;
  };
  phase('download', download);
  phase('sandbox', begin - download);
  phase('restore', restore);
  phase('checks', checks);
  if (caughtUp !== null) phase('catch-up', caughtUp + 9);
  phase('clean-up', 1.8);
  const broken = sizes[3];
  const reason = `rows: ${broken?.name ?? ''} has 48210032 rows in the sandbox, 48210033 in the backup`;
  return {
    format: 1,
    id: idAt(at, 'drill', random),
    pair: backup.pair,
    backup: backup.id,
    backupAt: backup.pausedAt,
    status: failed ? 'failed' : 'passed',
    reason: failed ? reason : null,
    startedAt: at.toISOString(),
    finishedAt: new Date(at.getTime() + clock * second).toISOString(),
    checks: [
      { name: 'hashes', status: 'passed', detail: '66 objects, 6.4 GB, are what was stored' },
      { name: 'parts', status: 'passed', detail: '64 parts loaded without a warning' },
      failed
        ? { name: 'rows', status: 'failed', detail: reason }
        : {
            name: 'rows',
            status: 'passed',
            detail: `${tables} tables have the rows of the backup`,
          },
      { name: 'checksums', status: 'passed', detail: `${tables} tables agree with the backup` },
      { name: 'objects', status: 'passed', detail: '12 views, 7 triggers, 9 routines, 2 events' },
      {
        name: 'freshness',
        status: 'warned',
        detail: 'the newest order is 2 h 11 min old, more than the 2 h that were asked for',
      },
      { name: 'assertion orders of today', status: 'passed', detail: '18211, at least 1000' },
    ],
    seconds: { download, restore, checks, catchUp: caughtUp, total: ms(clock) },
    bytes: backup.bytes,
    phases,
    parts,
    tables: sizes.map((table, i) => ({
      database: table.database,
      name: table.name,
      rows: Math.round(table.bytes / 190),
      bytes: table.bytes,
      equal: !(failed && i === 3),
    })),
    catchUp: caughtUp === null ? null : catchUpOf(caughtUp, tables),
    into: 'sandbox',
    version: '10.11.19-MariaDB',
    host: 'backup1.internal',
    tool: 'stillpoint 0.1.0',
  };
}

interface SampleTable {
  database: string;
  name: string;
  bytes: number;
}

function tableSizes(count: number, scale: number, random: () => number): SampleTable[] {
  return Array.from({ length: count }, (_, i) => {
    const [database, name, bytes] = commonTables[i] ?? [
      'archive',
      `log_${2026 - i}`,
      6e8 / (i - 7),
    ];
    return { database, name, bytes: Math.round(bytes * scale * (0.97 + 0.06 * random())) };
  });
}

function loadedParts(
  backup: BackupRecord,
  sizes: readonly SampleTable[],
  { begin, lanes, random }: { begin: number; lanes: number; random: () => number },
): DrillRecord['parts'] {
  const free = Array.from({ length: lanes }, () => begin);
  const parts: DrillRecord['parts'] = [];
  const load = (part: Omit<DrillRecord['parts'][number], 'from' | 'seconds' | 'key'>) => {
    const lane = free.indexOf(Math.min(...free));
    const from = free[lane] ?? begin;
    const seconds = ms(0.08 + part.plainBytes / (70e6 * (0.8 + 0.4 * random())));
    free[lane] = from + seconds;
    const key = `shop/backups/${backup.id}/${part.kind}/${parts.length}.sql.zst.age`;
    parts.push({ ...part, from: ms(from), seconds, key });
  };
  const barrier = () => free.fill(Math.max(...free));
  const databases = [...new Set(sizes.map(({ database }) => database))];
  for (const database of databases)
    load({ kind: 'schema', database, tables: [], plainBytes: 60_000 });
  barrier();
  for (const { database, name, bytes } of sizes.filter((table) => table.bytes > 5e8)) {
    const ranges = Math.ceil(bytes / 1.6e9);
    for (let i = 0; i < ranges; i++)
      load({ kind: 'data', database, tables: [name], plainBytes: Math.round(bytes / ranges) });
  }
  for (const database of databases) {
    const small = sizes.filter((table) => table.database === database && table.bytes <= 5e8);
    if (small.length === 0) continue;
    const plainBytes = small.reduce((sum, { bytes }) => sum + bytes, 0);
    load({ kind: 'data', database, tables: small.map(({ name }) => name), plainBytes });
  }
  barrier();
  for (const database of databases)
    load({ kind: 'objects', database, tables: [], plainBytes: 40_000 });
  load({ kind: 'accounts', database: '', tables: [], plainBytes: 4000 });
  return parts;
}

/** The lag falls in a bent line from the age of the backup to nothing. */
function catchUpOf(seconds: number, compared: number): NonNullable<DrillRecord['catchUp']> {
  const behind = 7650;
  const lag = Array.from({ length: 60 }, (_, i) => {
    const share = i / 59;
    return { at: ms(share * seconds), seconds: Math.round(behind * (1 - share) ** 1.25) };
  });
  return { seconds, reached: '0-1-2965211831', pauseSeconds: 11.42, compared, lag };
}
