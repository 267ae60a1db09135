import type { DrillRecord } from '../../src/catalog/drillRecord.js';
import type { BackupRecord } from '../../src/catalog/records.js';
import { idAt, ms, randomFrom, second } from './sample.js';
import { sampleDrill } from './sampleDrill.js';

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
