import { hostname } from 'node:os';
import type { DrillRecord } from './catalog/drillRecord.js';
import type { BackupRecord } from './catalog/records.js';
import type { Evidence } from './drill/evidence.js';
import type { Proof } from './drill/prove.js';
import type { Timeline } from './drill/timeline.js';
import type { StillpointError } from './errors.js';
import type { Clock } from './util/clock.js';
import { redact } from './util/redact.js';
import { toolName } from './util/tool.js';

/** What a drill has found so far. */
export interface Drilled {
  into: string;
  /** Of the server; empty before there is one. */
  version: string;
  proof: Proof;
  catchUp: DrillRecord['catchUp'];
}

/** Of very many parts or tables the largest are kept, for a record that stays small. */
const mostParts = 500;
const mostTables = 500;

/** The record of a drill that has ended. `broken` is what kept it from ending by itself. */
export function drillRecord(of: {
  id: string;
  record: BackupRecord;
  startedAt: Date;
  clock: Clock;
  evidence: Evidence;
  timeline: Timeline;
  drilled: Drilled;
  broken: StillpointError | null;
}): DrillRecord {
  const { record, evidence, timeline, drilled, broken } = of;
  const { failure } = evidence;
  const reason = broken?.message ?? (failure && `${failure.name}: ${failure.detail}`);
  return {
    format: 1,
    id: of.id,
    pair: record.pair,
    backup: record.id,
    backupAt: record.pausedAt,
    status: reason === null ? 'passed' : 'failed',
    reason: reason === null ? null : redact(reason),
    startedAt: of.startedAt.toISOString(),
    finishedAt: of.clock.now().toISOString(),
    checks: evidence.checks.map((check) => ({ ...check, detail: redact(check.detail) })),
    seconds: {
      download: timeline.secondsOf('download'),
      restore: timeline.secondsOf('restore'),
      checks: timeline.secondsOf('checks'),
      catchUp: drilled.catchUp === null ? null : timeline.secondsOf('catch-up'),
      total: timeline.now(),
    },
    bytes: record.bytes,
    phases: timeline.phases,
    parts: largest(drilled.proof.parts, ({ plainBytes }) => plainBytes, mostParts),
    tables: largest(drilled.proof.tables, ({ bytes }) => bytes, mostTables),
    catchUp: drilled.catchUp,
    into: drilled.into,
    version: drilled.version,
    host: hostname(),
    tool: toolName(),
  };
}

/** At most `count` of them, in the order they had. */
function largest<T>(all: readonly T[], sizeOf: (one: T) => number, count: number): T[] {
  if (all.length <= count) return [...all];
  const kept = new Set([...all].sort((a, b) => sizeOf(b) - sizeOf(a)).slice(0, count));
  return all.filter((one) => kept.has(one));
}
