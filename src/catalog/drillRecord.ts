import { z } from 'zod';

// `drills/<id>.json`: what `drill --json` prints and what reports are drawn from.

const check = z.object({
  /** `hashes`, `parts`, `rows`, …; `assertion NAME` for those of the user. */
  name: z.string(),
  /** `warned`: worth a look, but no reason to fail. */
  status: z.enum(['passed', 'failed', 'warned']),
  /** The evidence, in words: what was compared, or the first thing that differs. */
  detail: z.string(),
});
export type DrillCheck = z.infer<typeof check>;

/** Something that took time. */
const span = z.object({
  /** Seconds from the start of the drill. */
  from: z.number(),
  seconds: z.number(),
});

const phase = span.extend({
  name: z.enum(['download', 'sandbox', 'restore', 'checks', 'catch-up', 'clean-up']),
});

const loaded = span.extend({
  key: z.string(),
  kind: z.enum(['schema', 'data', 'objects', 'views', 'accounts']),
  database: z.string(),
  /** The tables whose rows or definitions the part holds; several small ones share a part. */
  tables: z.array(z.string()),
  plainBytes: z.number(),
});

const table = z.object({
  database: z.string(),
  name: z.string(),
  /** As counted in the sandbox; null when its rows were not in the backup. */
  rows: z.number().nullable(),
  /** As the sandbox stores it, with indexes. */
  bytes: z.number(),
  /** Whether rows, checksum and definition are those of the backup. */
  equal: z.boolean(),
});

/** The proof that replication goes on from the recorded coordinates. */
const catchUp = z.object({
  /** Seconds from the attachment until the source's position at the start of the drill was reached. */
  seconds: z.number(),
  /** What was reached: a GTID, or file and position. */
  reached: z.string(),
  /** How long the replica stood still so that its tables could be compared. */
  pauseSeconds: z.number(),
  /** Tables whose checksums were compared with the replica's. */
  compared: z.number(),
  /** How far the sandbox was behind the source, as it went. */
  lag: z.array(z.object({ at: z.number(), seconds: z.number() })),
});

export const drillRecordSchema = z.object({
  format: z.literal(1),
  id: z.string(),
  pair: z.string(),
  /** Id of the backup that was restored. */
  backup: z.string(),
  /** When the data of the backup stood still. */
  backupAt: z.iso.datetime(),
  status: z.enum(['passed', 'failed']),
  /** Why it failed, in one line; null when it passed. */
  reason: z.string().nullable(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  checks: z.array(check),
  seconds: z.object({
    /** Reading the backup from the store and comparing every stored byte with its hash. */
    download: z.number(),
    /** From an empty server to the whole data. */
    restore: z.number(),
    checks: z.number(),
    /** Null when it was not asked for. */
    catchUp: z.number().nullable(),
    /** All of it, with starting and removing the sandbox. */
    total: z.number(),
  }),
  bytes: z.object({ plain: z.number(), stored: z.number() }),
  phases: z.array(phase),
  /** The parts in the order of loading; of very many, the largest. */
  parts: z.array(loaded),
  /** Of very many, the largest. */
  tables: z.array(table),
  catchUp: catchUp.nullable(),
  /** What the backup was restored into: `sandbox`, or the name of a target. */
  into: z.string(),
  /** Of the server it was restored into. */
  version: z.string(),
  /** The machine that ran the drill. */
  host: z.string(),
  tool: z.string(),
});
export type DrillRecord = z.infer<typeof drillRecordSchema>;

/** What a verdict is made of. */
export const drillDigestSchema = drillRecordSchema
  .pick({ id: true, backup: true, status: true, finishedAt: true, seconds: true })
  .extend({ checks: z.array(check.pick({ status: true })) });
export type DrillDigest = z.infer<typeof drillDigestSchema>;
