import type { Dumped, DumpedPart } from '../dump/dump.js';
import type { Definition } from '../dump/definitions.js';
import type { DatabaseInfo } from '../dump/inventory.js';
import { partKinds, type PartPlan } from '../dump/plan.js';
import type { Tool } from '../dump/tools.js';
import type { FreezeRecord } from '../freeze/freeze.js';
import { addressOf } from '../pair/act.js';
import type { LagSample } from '../pair/lag.js';
import type { Server } from '../pair/server.js';
import type { Store } from '../store/store.js';
import { partKey } from './partKey.js';
import type { BackupRecord, Manifest, ManifestTable } from './records.js';

/** Everything that a finished dump is made of. */
export interface Finished {
  id: string;
  pair: string;
  label: string;
  startedAt: Date;
  finishedAt: Date;
  /** From the start to now. */
  seconds: number;
  hold: 'dump' | 'snapshot';
  holdReason: string | null;
  replica: Server;
  /** Which of several replicas it is, and why that one; left out of a dump that paused none. */
  picked?: { name: string | null; reason: string | null };
  /** Of a pair with two writers: it can be attached to either. */
  bothWrite: boolean;
  client: Tool;
  store: Store;
  encrypted: boolean;
  databases: readonly DatabaseInfo[];
  definitions: readonly Definition[];
  variables: Record<string, string>;
  dumped: Dumped;
  freeze: FreezeRecord;
  lag: readonly LagSample[];
  warnings: readonly string[];
}

/** The manifest: parts in the order in which they are to be loaded. */
export function buildManifest(run: Finished, tool: string): Manifest {
  const order = (part: DumpedPart) => partKinds.indexOf(part.plan?.kind ?? 'accounts');
  const parts = [...run.dumped.parts].sort(
    (a, b) => order(a) - order(b) || b.plainBytes - a.plainBytes,
  );
  return {
    format: 1,
    id: run.id,
    pair: run.pair,
    tool,
    client: run.client.version.text,
    variables: run.variables,
    databases: run.databases.map(
      ({ name, create, views, triggers, procedures, functions, packages, events }) => ({
        name,
        create,
        views,
        triggers,
        procedures,
        functions,
        packages,
        events,
      }),
    ),
    tables: tablesOf(run),
    definitions: [...run.definitions],
    parts: parts.map((part) => ({
      key: partKey(run, part.plan, run.encrypted),
      kind: part.plan?.kind ?? 'accounts',
      database: part.plan?.database ?? '',
      tables: tablesIn(part.plan),
      bytes: part.storedBytes,
      sha256: part.sha256,
      plainBytes: part.plainBytes,
    })),
  };
}

/** Tables that have triggers are named to mysqldump, but are not in the part of those. */
const tablesIn = (plan: PartPlan | null): string[] =>
  plan === null || plan.kind === 'objects' ? [] : plan.tables;

function tablesOf({ databases, dumped }: Finished): ManifestTable[] {
  const key = (database: string, name: string) => JSON.stringify([database, name]);
  const surveyed = new Map(dumped.tables.map((one) => [key(one.database, one.name), one]));
  return databases.flatMap((database) =>
    database.tables.map(({ name, engine }) => {
      const found = surveyed.get(key(database.name, name));
      return {
        database: database.name,
        name,
        engine,
        rows: found?.rows ?? null,
        checksum: found?.checksum ?? null,
      };
    }),
  );
}

/** The commit's record, still without what is stored after it was made: the manifest and the script. */
export function buildRecord(run: Finished): Omit<BackupRecord, 'manifest' | 'script'> {
  const { coordinates, pausedAt, resumedAt, pauseSeconds } = run.freeze;
  const [first] = coordinates.channels;
  const nowhere = { file: '', position: 0 };
  const sum = (bytes: (part: DumpedPart) => number) =>
    run.dumped.parts.reduce((total, part) => total + bytes(part), 0);
  return {
    format: 1,
    id: run.id,
    pair: run.pair,
    label: run.label,
    status: 'committed',
    hold: run.hold,
    ...(run.holdReason === null ? {} : { holdReason: run.holdReason }),
    ...(run.picked && { replica: { ...run.picked, address: addressOf(run.replica) } }),
    coordinates: {
      source: first?.source ?? nowhere,
      relay: first?.relay ?? nowhere,
      gtid: coordinates.gtid,
      channels: coordinates.channels,
      ownBinlog: coordinates.ownBinlog,
      serverUuid: coordinates.serverUuid,
      ...(run.bothWrite ? { directions: directionsOf(run) } : {}),
    },
    startedAt: run.startedAt.toISOString(),
    pausedAt: pausedAt.toISOString(),
    resumedAt: resumedAt.toISOString(),
    finishedAt: run.finishedAt.toISOString(),
    pauseSeconds: round(pauseSeconds),
    lag: run.lag.map(({ at, seconds }) => ({
      at: round((at.getTime() - pausedAt.getTime()) / 1000),
      seconds,
    })),
    seconds: round(run.seconds),
    bytes: { plain: sum((part) => part.plainBytes), stored: sum((part) => part.storedBytes) },
    parts: run.dumped.parts.length,
    store: run.store.url,
    flavour: run.replica.dialect.version.flavour,
    version: run.replica.dialect.version.text,
    encrypted: run.encrypted,
    warnings: [...run.warnings, ...run.dumped.parts.flatMap((part) => part.warnings)],
  };
}

function directionsOf({
  freeze,
  replica,
}: Finished): NonNullable<BackupRecord['coordinates']['directions']> {
  const { channels, ownBinlog, gtid } = freeze.coordinates;
  const { host, port } = replica.settings;
  return [
    ...channels.map((channel) => ({
      server: 'source' as const,
      host: channel.host,
      port: channel.port,
      binlog: channel.source,
      gtid,
    })),
    { server: 'replica', host, port, binlog: ownBinlog, gtid },
  ];
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
