import { z } from 'zod';
import { objectKinds } from '../dump/objectKinds.js';

// What is written to the store, and read back from it as something a stranger may have changed.

const position = z.object({ file: z.string(), position: z.number() });

const channel = z.object({
  name: z.string(),
  host: z.string(),
  port: z.number(),
  source: position,
  relay: position,
  /** Whether the channel asked its source by GTID, and reached it by TLS. Backups of earlier versions do not say it. */
  byGtid: z.boolean().optional(),
  byTls: z.boolean().optional(),
});

/** From where a restored server follows one of two nodes that both take writes. */
const direction = z.object({
  /** Which of the pair's servers, as the configuration names them. */
  server: z.enum(['source', 'replica']),
  host: z.string(),
  port: z.number(),
  /** Position in the binary log of that server. */
  binlog: position.nullable(),
  gtid: z.string().nullable(),
});

/** Where the replica stood. `source` and `relay` are those of its first channel. */
const coordinates = z.object({
  source: position,
  relay: position,
  /** MySQL: gtid_executed. MariaDB: gtid_slave_pos, of two writers gtid_current_pos. Null where GTIDs are not in use. */
  gtid: z.string().nullable(),
  channels: z.array(channel),
  ownBinlog: position.nullable(),
  serverUuid: z.string(),
  /** Of a pair with `topology: source-source` only: `gtid` holds the writes of both, so either can be followed. */
  directions: z.array(direction).optional(),
});

const bytes = z.object({
  /** SQL text before compression. */
  plain: z.number(),
  /** As stored. */
  stored: z.number(),
});

const storedFile = z.object({ key: z.string(), bytes: z.number(), sha256: z.string() });

/** `backup.json`: the commit, and what `backup --json`, `list --json` and `show --json` print. */
export const backupRecordSchema = z.object({
  format: z.literal(1),
  id: z.string(),
  pair: z.string(),
  label: z.string(),
  status: z.literal('committed'),
  hold: z.enum(['dump', 'snapshot']),
  /** Why `freeze.hold: auto` did not take `snapshot`; null or left out: it did, or nobody asked. */
  holdReason: z.string().nullable().optional(),
  /** The server that was paused; of a pair with several replicas its name there, and why it was picked. */
  replica: z
    .object({ name: z.string().nullable(), address: z.string(), reason: z.string().nullable() })
    .optional(),
  coordinates,
  startedAt: z.iso.datetime(),
  pausedAt: z.iso.datetime(),
  resumedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  /** How long the replica stood still. */
  pauseSeconds: z.number(),
  /**
   * How far the replica was behind its source: before the pause, and right after it where the server
   * told before the commit. `at` counts seconds from the begin of the pause, negative before it. The
   * fall of the lag afterwards is not here, since a backup is committed before it is watched.
   */
  lag: z.array(z.object({ at: z.number(), seconds: z.number() })).optional(),
  /** From the start to the commit. */
  seconds: z.number(),
  bytes,
  /** How many. */
  parts: z.number(),
  /** Address of the store, for people. */
  store: z.string(),
  flavour: z.enum(['mysql', 'mariadb']),
  version: z.string(),
  encrypted: z.boolean(),
  manifest: storedFile,
  /** The script that restores without this program. */
  script: storedFile,
  warnings: z.array(z.string()),
});
export type BackupRecord = z.infer<typeof backupRecordSchema>;

const part = storedFile.extend({
  kind: z.enum(['schema', 'data', 'objects', 'views', 'accounts']),
  /** Empty for accounts. */
  database: z.string(),
  tables: z.array(z.string()),
  plainBytes: z.number(),
});
export type ManifestPart = z.infer<typeof part>;

const table = z.object({
  database: z.string(),
  name: z.string(),
  engine: z.string(),
  /** Null when the rows were left out. */
  rows: z.number().nullable(),
  checksum: z.string().nullable(),
});
export type ManifestTable = z.infer<typeof table>;

const database = z.object({
  name: z.string(),
  /** CREATE DATABASE, without the backup's data. */
  create: z.string(),
  views: z.array(z.string()),
  triggers: z.array(z.string()),
  procedures: z.array(z.string()),
  functions: z.array(z.string()),
  /** Of MariaDB; each has a body of the same name. */
  packages: z.array(z.string()),
  events: z.array(z.string()),
});

const definition = z.object({
  database: z.string(),
  kind: z.enum(objectKinds),
  name: z.string(),
  /** Of what SHOW CREATE said while the replica stood still. */
  sha256: z.string(),
});

/** `manifest.json.zst`: everything a restore needs to know, part by part. */
export const manifestSchema = z.object({
  format: z.literal(1),
  id: z.string(),
  pair: z.string(),
  tool: z.string(),
  client: z.string(),
  /** Server settings that a restored server should share. */
  variables: z.record(z.string(), z.string()),
  databases: z.array(database),
  tables: z.array(table),
  /** None in backups of versions that did not record them. */
  definitions: z.array(definition).default([]),
  parts: z.array(part),
});
export type Manifest = z.infer<typeof manifestSchema>;
