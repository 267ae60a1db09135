import type { BackupRecord, Manifest, ManifestPart } from '../../../src/catalog/records.js';

export const id = '20261122T023000Z-nightly-3fa9c1';

const channel = {
  name: '',
  host: 'db1',
  port: 3306,
  source: { file: 'bin.000002', position: 900 },
  relay: { file: 'relay.000003', position: 320 },
};

/** The record of a backup of two parts. */
export const exampleRecord: BackupRecord = {
  format: 1,
  id,
  pair: 'shop',
  label: 'nightly ☕\ufffd',
  status: 'committed',
  hold: 'dump',
  coordinates: {
    source: channel.source,
    relay: channel.relay,
    gtid: '0-1-7',
    channels: [channel],
    ownBinlog: null,
    serverUuid: 'u-1',
  },
  startedAt: '2026-11-22T02:30:00.000Z',
  pausedAt: '2026-11-22T02:30:01.000Z',
  resumedAt: '2026-11-22T02:30:05.250Z',
  finishedAt: '2026-11-22T02:30:06.000Z',
  pauseSeconds: 4.25,
  seconds: 6,
  bytes: { plain: 1000, stored: 200 },
  parts: 2,
  store: 'file:///backups',
  flavour: 'mariadb',
  version: '10.11.19-MariaDB',
  encrypted: false,
  manifest: { key: `shop/backups/${id}/manifest.json.zst`, bytes: 100, sha256: 'a'.repeat(64) },
  script: { key: `shop/backups/${id}/restore.sh`, bytes: 100, sha256: 'b'.repeat(64) },
  warnings: [],
};

export function examplePart(
  kind: ManifestPart['kind'],
  database: string,
  tables: readonly string[] = [],
): ManifestPart {
  return {
    kind,
    database,
    tables: [...tables],
    key: `shop/backups/${id}/${kind}/${Buffer.from(database).toString('hex')}.${tables.length}.sql.zst`,
    bytes: 100,
    sha256: 'c'.repeat(64),
    plainBytes: 500,
  };
}

export function exampleDatabase(name: string): Manifest['databases'][number] {
  return {
    name,
    create: `CREATE DATABASE \`${name.replaceAll('`', '``')}\``,
    views: [],
    triggers: [],
    procedures: [],
    functions: [],
    packages: [],
    events: [],
  };
}

/** A manifest of databases and their tables, with no part but the given ones. */
export function exampleManifest(
  databases: Readonly<Record<string, readonly string[]>>,
  parts: readonly ManifestPart[] = [],
): Manifest {
  return {
    format: 1,
    id,
    pair: 'shop',
    tool: 'stillpoint 0.1.0',
    client: 'mariadb-dump',
    variables: {},
    definitions: [],
    databases: Object.keys(databases).map(exampleDatabase),
    tables: Object.entries(databases).flatMap(([database, names]) =>
      names.map((name) => ({ database, name, engine: 'InnoDB', rows: 1, checksum: null })),
    ),
    parts: [...parts],
  };
}
