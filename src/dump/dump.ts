import type { Server } from '../pair/server.js';
import type { Body } from '../util/lent.js';
import type { Observe } from '../util/observe.js';
import { crewOf, type Done } from './crew.js';
import type { DatabaseInfo } from './inventory.js';
import { balancedLanes, lanesOf } from './lanes.js';
import type { StoredPart } from './pipeline.js';
import type { PartPlan } from './plan.js';
import { writtenByUs } from './schemaText.js';
import { openSessions, openSnapshot } from './sessions.js';
import { sessionIds, waitForSnapshots } from './snapshots.js';
import type { SpoolSpace } from './spool.js';
import type { SurveyedTable } from './survey.js';
import type { DumpTools } from './tools.js';

/** Takes one part's bytes to where they are kept and tells their number; the plan is null for accounts. */
export type Sink = (
  part: PartPlan | null,
  body: Body,
  signal: AbortSignal,
) => Promise<{ bytes: number }>;

export interface DumpOptions {
  replica: Server;
  tools: DumpTools;
  /** mysqldump processes at once. */
  parallel: number;
  /** Longer texts of one table's rows are stored as several parts. */
  partBytes: number;
  compression: { level: number; threads?: number };
  /** Arguments that name age's recipients; empty for no encryption. */
  recipients: readonly string[];
  spool: SpoolSpace;
  checksums: boolean;
  accounts: boolean;
  extraArgs: readonly string[];
  /** Path of the option file that mysqldump connects with. */
  optionFile: string;
  sink: Sink;
  signal: AbortSignal;
  observe: Observe;
}

export interface DumpedPart extends StoredPart {
  /** Null for accounts. */
  plan: PartPlan | null;
}

export interface Dumped {
  parts: DumpedPart[];
  tables: SurveyedTable[];
}

/** What there is to dump, and the parts that it is dumped in. */
export interface DumpPlan {
  databases: readonly DatabaseInfo[];
  parts: readonly PartPlan[];
}

/**
 * Dumps every part of a plan, several at once, from data that stands still, and counts the tables
 * meanwhile. The first failure ends all of them and is what it throws.
 */
export async function dumpParts(
  { parts, databases }: DumpPlan,
  options: DumpOptions,
): Promise<Dumped> {
  const { replica, parallel } = options;
  const crew = crewOf(options, await openSessions(replica, parallel));
  const { written, dumped } = sorted(parts, replica);
  return await crew.collect([
    ...crew.schemas(written),
    ...crew.inTurn(lanesOf(dumped, databases, replica.dialect)),
    ...crew.accounts(),
  ]);
}

/**
 * Opens a snapshot for each of a few mysqldumps, reads the rows that no snapshot covers, and answers then
 * with what dumps the rest: the replica may be resumed before that is called, if nothing changes a
 * definition until it has settled. When the run has failed meanwhile, calling it waits for what had begun.
 */
export async function openDump(
  { parts, databases }: DumpPlan,
  options: DumpOptions,
): Promise<() => Promise<Dumped>> {
  const { replica, parallel } = options;
  options.signal.throwIfAborted();
  const isRows = ({ kind }: PartPlan) => kind === 'data';
  const covered = parts.filter((part) => isRows(part) && part.mvcc);
  const uncovered = parts.filter((part) => isRows(part) && !part.mvcc);
  const rest = parts.filter((part) => !isRows(part));
  const crew = crewOf(options, await openSessions(replica, parallel, openSnapshot));
  const { started, go } = starter(crew.signal);
  const jobs: Promise<Done>[] = [];
  try {
    const before = await sessionIds(replica);
    const lanes = balancedLanes(covered, databases, parallel, replica.dialect).map((lane) =>
      crew.start(lane, started),
    );
    const dumps = lanes.map(({ dump }) => dump);
    await waitForSnapshots(replica, before, dumps, crew.signal);
    const still = await Promise.all(lanesOf(uncovered, databases, replica.dialect).map(crew.read));
    jobs.push(...lanes.map((lane) => crew.stored(lane)), ...still.map(({ stored }) => stored));
    crew.signal.throwIfAborted();
  } catch (error) {
    crew.fail(error);
    await crew.collect(jobs);
    throw error;
  }
  return async () => {
    go();
    const { written, dumped } = sorted(rest, replica);
    jobs.push(...crew.schemas(written));
    jobs.push(...crew.inTurn(lanesOf(dumped, databases, replica.dialect)), ...crew.accounts());
    jobs.push(...crew.surveys(covered));
    return await crew.collect(jobs);
  };
}

/** The parts that mysqldump dumps, and those that are written without it. */
function sorted(parts: readonly PartPlan[], { dialect }: Server) {
  const written = new Set(writtenByUs(parts, dialect));
  return { written: [...written], dumped: parts.filter((part) => !written.has(part)) };
}

/** `started` settles with `go`, and fails when the run ends before. */
function starter(signal: AbortSignal): { started: Promise<void>; go: () => void } {
  let go = (): void => undefined;
  const started = new Promise<void>((resolve, reject) => {
    go = resolve;
    const end = () => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
  started.catch(() => undefined);
  return { started, go: () => go() };
}
