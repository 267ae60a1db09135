import type { DrillRecord } from '../../src/catalog/drillRecord.js';
import type { BackupRecord } from '../../src/catalog/records.js';

// Records as half a year of nightly backups and weekly drills would leave them. The same on every run.

export interface SampleOptions {
  /** Nights. */
  days?: number;
  /** The last of them. */
  until?: Date;
  /** Drills have one in this many days; 0 for no drill. */
  drillEvery?: number;
}

export interface Sample {
  backups: BackupRecord[];
  drills: DrillRecord[];
}

const second = 1000;
const day = 86_400 * second;
export const sampleNow = new Date('2026-11-22T09:12:00Z');

/** A pair's history, oldest first. A few drills of it failed, and it missed a few nights. */
export function sampleHistory(options: SampleOptions = {}): Sample {
  const { days = 183, until = new Date('2026-11-22T02:30:00Z'), drillEvery = 7 } = options;
  const random = randomFrom(7);
  const backups: BackupRecord[] = [];
  const drills: DrillRecord[] = [];
  for (let night = days - 1; night >= 0; night--) {
    const at = new Date(until.getTime() - night * day);
    const growth = 1 + (days - night) / 260;
    if (random() < 0.03) continue;
    const backup = sampleBackup(at, growth, random);
    backups.push(backup);
    if (drillEvery > 0 && night % drillEvery === 1) {
      drills.push(sampleDrill(backup, { failed: night > 20 && random() < 0.09, random }));
    }
  }
  return { backups, drills };
}

export function sampleBackup(at: Date, growth = 1, random = randomFrom(1)): BackupRecord {
  const plain = Math.round(41e9 * growth * (1 + 0.01 * random()));
  // Now and then a night is slow.
  const slow = random() < 0.04 ? 1.9 : 1;
  const pauseSeconds = ms(118 * growth * slow * (0.95 + 0.12 * random()));
  const seconds = ms(pauseSeconds + 3 + random());
  const id = idAt(at, 'nightly', random);
  const source = { file: 'binlog.004213', position: Math.floor(random() * 1e9) };
  const relay = { file: 'relay-bin.012001', position: Math.floor(random() * 1e8) };
  const later = (after: number) => new Date(at.getTime() + after * second).toISOString();
  return {
    format: 1,
    id,
    pair: 'shop',
    label: 'nightly',
    status: 'committed',
    hold: 'dump',
    coordinates: {
      source,
      relay,
      gtid: `0-1-${Math.floor(at.getTime() / 600)}`,
      channels: [{ name: '', host: 'db1.internal', port: 3306, source, relay }],
      ownBinlog: null,
      serverUuid: 'db2:3306:2',
    },
    startedAt: later(0),
    pausedAt: later(1.4),
    resumedAt: later(1.4 + pauseSeconds),
    finishedAt: later(seconds),
    pauseSeconds,
    lag: [
      { at: -0.3, seconds: Math.floor(random() * 3) },
      { at: ms(pauseSeconds + 0.2), seconds: Math.round(pauseSeconds) },
    ],
    seconds,
    bytes: { plain, stored: Math.round(plain * (0.155 + 0.004 * random())) },
    parts: 64,
    store: 's3://backups/prod',
    flavour: 'mariadb',
    version: '10.11.19-MariaDB-log',
    encrypted: true,
    manifest: { key: `shop/backups/${id}/manifest.json.zst`, bytes: 9000, sha256: 'a'.repeat(64) },
    script: { key: `shop/backups/${id}/restore.sh`, bytes: 3200, sha256: 'b'.repeat(64) },
    warnings: [],
  };
}

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

function idAt(at: Date, label: string, random: () => number): string {
  const time = at
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:]/g, '');
  const digits = Math.floor(random() * 0x1000000)
    .toString(16)
    .padStart(6, '0');
  return `${time}-${label}-${digits}`;
}

const ms = (seconds: number): number => Math.round(seconds * 1000) / 1000;

/** Mulberry32: enough for a sample, and the same everywhere. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
