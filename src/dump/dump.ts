import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import type { Readable } from 'node:stream';
import { text } from '../dialect/rows.js';
import type { Server } from '../pair/server.js';
import type { Session } from '../pair/session.js';
import type { Command } from '../util/command.js';
import type { Observe } from '../util/observe.js';
import { accountsSql } from './accounts.js';
import { MendedObjects } from './mend.js';
import { dumpCommand } from './mysqldump.js';
import type { DatabaseInfo } from './inventory.js';
import { startLane, type RunningLane } from './lane.js';
import { balancedLanes, lanesOf, type Lane } from './lanes.js';
import {
  runFlow,
  storeText,
  type CountedText,
  type StoredPart,
  type TextFlow,
} from './pipeline.js';
import type { PartPlan } from './plan.js';
import { openSessions, openSnapshot } from './sessions.js';
import { sessionIds, waitForSnapshots } from './snapshots.js';
import type { SpoolSpace } from './spool.js';
import { surveyTable, type SurveyedTable } from './survey.js';
import type { DumpTools } from './tools.js';

/** Takes one part's bytes to where they are kept and tells their number; the plan is null for accounts. */
export type Sink = (
  part: PartPlan | null,
  body: Readable,
  signal: AbortSignal,
) => Promise<{ bytes: number }>;

export interface DumpOptions {
  replica: Server;
  tools: DumpTools;
  /** mysqldump processes at once. */
  parallel: number;
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
  const crew = crewOf(options);
  const sessions = await openSessions(options.replica, options.parallel);
  return await crew.collect(crew.inTurn(lanesOf(parts, databases), sessions, true), sessions);
}

/**
 * Opens a snapshot for each of a few mysqldumps, reads the rows that no snapshot covers, and answers then
 * with what dumps the rest: the replica may be resumed before that is called, if nothing changes a
 * definition until it has settled. `options.signal` ends what is open when it is never called.
 */
export async function openDump(
  { parts, databases }: DumpPlan,
  options: DumpOptions,
): Promise<() => Promise<Dumped>> {
  const { replica, parallel, signal } = options;
  signal.throwIfAborted();
  const isRows = ({ kind }: PartPlan) => kind === 'data';
  const covered = parts.filter((part) => isRows(part) && part.mvcc);
  const uncovered = parts.filter((part) => isRows(part) && !part.mvcc);
  const rest = parts.filter((part) => !isRows(part));
  const crew = crewOf(options);
  const sessions = await openSessions(replica, parallel, openSnapshot);
  const jobs: Promise<Done>[] = [];
  /** Looked at later; until then a failure shows in the crew's signal. */
  const add = (job: Promise<Done>) => {
    job.catch(() => undefined);
    jobs.push(job);
  };
  const gate = openGate(crew.signal);
  try {
    const before = await sessionIds(replica);
    const lanes = balancedLanes(covered, databases, parallel).map((lane) =>
      crew.start(lane, gate.open),
    );
    lanes.map(done).forEach(add);
    const running = () => lanes.filter(({ dump }) => !dump.hasEnded()).length;
    await waitForSnapshots(replica, before, running, crew.signal);
    const still = lanesOf(uncovered, databases).map((lane) => crew.read(lane, sessions));
    for (const lane of await Promise.all(still)) {
      add(done(lane.running));
      add(Promise.resolve({ parts: [], tables: lane.tables }));
    }
    crew.signal.throwIfAborted();
  } catch (error) {
    crew.fail(error);
    await crew.collect(jobs, sessions);
    throw error;
  }
  return async () => {
    gate.go();
    jobs.push(...crew.inTurn(lanesOf(rest, databases), sessions, true));
    jobs.push(...crew.surveys(covered, sessions));
    return await crew.collect(jobs, sessions);
  };
}

async function done({ finished }: RunningLane): Promise<Done> {
  return { parts: await finished, tables: [] };
}

/** What waits for `go`, or for the end of the run. */
function openGate(signal: AbortSignal): { open: Promise<void>; go: () => void } {
  let go = (): void => undefined;
  const open = new Promise<void>((resolve, reject) => {
    go = resolve;
    const end = () => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
  open.catch(() => undefined);
  return { open, go: () => go() };
}

/** What one job has dumped and counted. */
interface Done {
  parts: DumpedPart[];
  tables: SurveyedTable[];
}

/** The work of one run: what fails first ends all of it. */
function crewOf(options: DumpOptions) {
  const { replica, observe } = options;
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  // Every part listens to it, and there may be many at once.
  setMaxListeners(0, signal);
  const progress = tally(observe);
  const turn = pLimit(options.parallel);
  const fail = (error: unknown) => failed.abort(error);

  return { signal, fail, start, read, inTurn, surveys, collect };

  /** Starts a lane at once; its text is read from `go` on. */
  function start(lane: Lane, go = Promise.resolve()): RunningLane {
    const [first] = lane.parts;
    const title = lane.parts.length === 1 ? titleOf(first) : titleOfLane(lane);
    const expected = lane.parts.flatMap((part) => part.expected);
    const { tools, optionFile, extraArgs } = options;
    const command = dumpCommand(lane, tools, replica.dialect, optionFile, extraArgs);
    const store = async (plan: PartPlan, text: CountedText) => {
      const stored = await storeText(text, flowOf(plan));
      await observe({ type: 'part', key: titleOf(plan) });
      return stored;
    };
    const running = startLane(lane, title, { command, expected }, store, go);
    running.finished.catch(fail);
    return running;
  }

  /** Runs lanes as others end, each with a session of its own that counts its tables; accounts at the end. */
  function inTurn(lanes: readonly Lane[], sessions: Session[], accounts: boolean): Promise<Done>[] {
    const jobs = lanes.map((lane) =>
      inOrder(async () => {
        const rows = lane.parts.filter(({ kind }) => kind === 'data');
        const [parts, tables] = await Promise.all([start(lane).finished, survey(rows, sessions)]);
        return { parts, tables };
      }),
    );
    return accounts && options.accounts ? [...jobs, inOrder(dumpAccounts)] : jobs;
  }

  /** Runs a lane until all its rows are read and counted, though perhaps not yet stored. */
  async function read(
    lane: Lane,
    sessions: Session[],
  ): Promise<{ running: RunningLane; tables: SurveyedTable[] }> {
    return await turn(async () => {
      signal.throwIfAborted();
      const running = start(lane);
      const [tables] = await Promise.all([survey(lane.parts, sessions), running.dump.ended]);
      return { running, tables };
    });
  }

  function surveys(parts: readonly PartPlan[], sessions: Session[]): Promise<Done>[] {
    return parts.map((part) =>
      inOrder(async () => ({ parts: [], tables: await survey([part], sessions) })),
    );
  }

  async function inOrder(work: () => Promise<Done>): Promise<Done> {
    return await turn(async () => {
      signal.throwIfAborted();
      return await work();
    }).catch((error: unknown) => {
      fail(error);
      throw error;
    });
  }

  async function dumpAccounts(): Promise<Done> {
    const source = { text: await accountsSql(replica) };
    const stored = await runFlow({ ...flowOf(null), source });
    await observe({ type: 'part', key: titleOf(null) });
    return { parts: [{ ...stored, plan: null }], tables: [] };
  }

  async function survey(parts: readonly PartPlan[], sessions: Session[]): Promise<SurveyedTable[]> {
    const session = sessions.pop();
    if (!session || parts.length === 0) {
      if (session) sessions.push(session);
      return [];
    }
    const stop = () => session.destroy();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const tables: SurveyedTable[] = [];
      for (const part of parts) tables.push(...(await surveyPart(session, part)));
      return tables;
    } finally {
      signal.removeEventListener('abort', stop);
      sessions.push(session);
    }
  }

  async function surveyPart(session: Session, part: PartPlan): Promise<SurveyedTable[]> {
    const unstable = replica.dialect.unstableChecksums(part.database);
    const rows = unstable === null ? [] : await session.query(unstable);
    const withChecksum = (name: string) =>
      options.checksums && !rows.some((row) => text(row, 'name') === name);
    const tables: SurveyedTable[] = [];
    for (const name of part.tables) {
      signal.throwIfAborted();
      tables.push(await surveyTable(session, part.database, name, withChecksum(name)));
    }
    return tables;
  }

  function flowOf(part: PartPlan | null): TextFlow {
    return {
      title: titleOf(part),
      mend: part?.kind === 'objects' ? new MendedObjects() : null,
      filters: filtersOf(options),
      spool: options.spool,
      sink: async (body) => await options.sink(part, body, signal),
      signal,
      onBytes: progress(),
    };
  }

  /** Waits for every job, so that nothing runs on after this has failed. */
  async function collect(jobs: readonly Promise<Done>[], sessions: Session[]): Promise<Dumped> {
    const ends = await Promise.allSettled(jobs);
    sessions.forEach((session) => session.destroy());
    signal.throwIfAborted();
    const done = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
    return {
      parts: done.flatMap(({ parts }) => parts),
      tables: done.flatMap(({ tables }) => tables),
    };
  }
}

/** The programs between mysqldump and the store. */
export function filtersOf(
  options: Pick<DumpOptions, 'tools' | 'compression' | 'recipients'>,
): Command[] {
  const { level, threads = 1 } = options.compression;
  const zstd = { file: options.tools.zstd, args: ['-q', '-c', `-${level}`, `-T${threads}`] };
  if (options.recipients.length === 0 || options.tools.age === null) return [zstd];
  return [zstd, { file: options.tools.age, args: ['--encrypt', ...options.recipients] }];
}

/** For messages: `rows of shop.orders`. */
function titleOf(part: PartPlan | null): string {
  if (!part) return 'accounts';
  const table = part.ofTable === null ? '' : `.${part.ofTable}`;
  return `${part.kind === 'data' ? 'rows' : part.kind} of ${part.database}${table}`;
}

/** For messages: `rows of a, b and 98 more`. */
function titleOfLane({ parts }: Lane): string {
  const names = [...new Set(parts.map((part) => titleOf(part).replace(/^\w+ of /, '')))];
  const [first] = parts;
  const shown = names.slice(0, 2).join(', ');
  const more = names.length > 2 ? ` and ${names.length - 2} more` : '';
  return `${first.kind === 'data' ? 'rows' : first.kind} of ${shown}${more}`;
}

/** Adds up the bytes of all parts and tells them. */
function tally(observe: Observe): () => (plain: number, stored: number) => void {
  const total = { plain: 0, stored: 0 };
  return () => {
    const last = { plain: 0, stored: 0 };
    return (plain, stored) => {
      total.plain += plain - last.plain;
      total.stored += stored - last.stored;
      last.plain = plain;
      last.stored = stored;
      void observe({ type: 'bytes', ...total });
    };
  };
}
