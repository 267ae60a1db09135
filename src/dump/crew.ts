import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import type { Session } from '../pair/session.js';
import { accountsSql } from './accounts.js';
import type { Dumped, DumpedPart, DumpOptions } from './dump.js';
import { filtersOf } from './filters.js';
import { startLane, type RunningLane } from './lane.js';
import { laneOf, type Lane } from './lanes.js';
import { mendedObjects } from './mend.js';
import { dumpCommand } from './mysqldump.js';
import { counted, storeText, type CountedText, type TextFlow } from './pipeline.js';
import { smallBytes, type PartPlan } from './plan.js';
import { schemaText } from './schemaText.js';
import { withOne } from './sessions.js';
import { smallFrame } from './smallFrame.js';
import { readStable, surveyPart, type IsStable, type SurveyedTable } from './survey.js';
import { tally } from './tally.js';
import { titleOf, titleOfLane } from './titles.js';

/**
 * Parts of one lane that are sent to the store at once. Those that come meanwhile wait in the spool: a server drops a
 * mysqldump whose text nobody takes.
 */
export const sentAtOnce = 2;
/** Of parts that are small, whose time goes by until a store that is far away has answered. */
const smallSentAtOnce = 16;
/** Parts of less are small in that sense. */
const littleBytes = 1024 * 1024;

/** What one job has dumped and counted. */
export interface Done {
  parts: DumpedPart[];
  tables: SurveyedTable[];
}

/**
 * The work of one run. What fails first ends all of it; `sessions` are what tables are counted with, one for
 * each lane that runs in turn, and `collect` closes them.
 */
export function crewOf(options: DumpOptions, sessions: Session[]) {
  const { replica, observe, checksums } = options;
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  // Every part listens to it, and there may be many at once.
  setMaxListeners(0, signal);
  const progress = tally(observe);
  const turn = pLimit(options.parallel);
  const smallTurns = pLimit(smallSentAtOnce);
  const fail = (error: unknown) => failed.abort(error);
  const started: Promise<unknown>[] = [];
  let stable: Promise<IsStable> | undefined;

  return { signal, fail, start, stored, read, inTurn, surveys, schemas, accounts, collect };

  /** Starts a lane at once; its text is read from `go` on. */
  function start(lane: Lane, go = Promise.resolve()): RunningLane {
    const [first] = lane.parts;
    const title = lane.parts.length === 1 ? titleOf(first) : titleOfLane(lane);
    const expected = lane.parts.flatMap((part) => part.expected);
    const { tools, optionFile, extraArgs } = options;
    const command = dumpCommand(lane, tools, replica.dialect, optionFile, extraArgs);
    const turns = pLimit(sentAtOnce);
    const store = async (plan: PartPlan, text: CountedText) => {
      const flow = flowOf(plan);
      const own = plan.estimatedBytes < littleBytes ? smallTurns : turns;
      const sink: TextFlow['sink'] = async (body) => await own(() => flow.sink(body));
      const part = await storeText(text, { ...flow, sink });
      await observe({ type: 'part', key: titleOf(plan) });
      return part;
    };
    const alone = (part: PartPlan) => start(laneOf(part));
    const running = startLane(
      lane,
      title,
      { command, expected, partBytes: options.partBytes, signal, fail, alone },
      store,
      go,
    );
    running.finished.catch(fail);
    started.push(running.finished);
    return running;
  }

  /** Runs lanes as others end, each beside what counts its tables. */
  function inTurn(lanes: readonly Lane[]): Promise<Done>[] {
    return lanes.map((lane) =>
      inOrder(async () => {
        const [parts, tables] = await Promise.all([start(lane).finished, survey(lane.parts)]);
        return { parts, tables };
      }),
    );
  }

  /** Runs a lane until all its rows are read and counted, though perhaps not yet stored. */
  async function read(lane: Lane): Promise<{ stored: Promise<Done> }> {
    return await turn(async () => {
      signal.throwIfAborted();
      const running = start(lane);
      const [tables] = await Promise.all([survey(lane.parts), running.dump.ended]);
      return { stored: stored(running, tables) };
    });
  }

  /** What a lane that was started has dumped. Nobody has to look at it before the end: a failure ends the run. */
  function stored({ finished }: RunningLane, tables: SurveyedTable[] = []): Promise<Done> {
    const job = finished.then((parts) => ({ parts, tables }));
    job.catch(() => undefined);
    return job;
  }

  /** Counts the tables of each part. */
  function surveys(parts: readonly PartPlan[]): Promise<Done>[] {
    return parts.map((part) => inOrder(async () => ({ parts: [], tables: await survey([part]) })));
  }

  async function inOrder<T>(work: () => Promise<T>): Promise<T> {
    return await orFail(
      turn(async () => {
        signal.throwIfAborted();
        return await work();
      }),
    );
  }

  async function orFail<T>(work: Promise<T>): Promise<T> {
    return await work.catch((error: unknown) => {
      fail(error);
      throw error;
    });
  }

  function accounts(): Promise<Done>[] {
    return options.accounts ? [inOrder(dumpAccounts)] : [];
  }

  async function dumpAccounts(): Promise<Done> {
    const part = await storeText(counted([await accountsSql(replica)]), flowOf(null));
    await observe({ type: 'part', key: titleOf(null) });
    return { parts: [{ ...part, warnings: [], plan: null }], tables: [] };
  }

  /** Writes the definitions of each part. */
  function schemas(parts: readonly PartPlan[]): Promise<Done>[] {
    // Not the turns of lanes, which wait for those of their parts.
    const turns = pLimit(smallSentAtOnce);
    const write = async (plan: PartPlan): Promise<Done> => {
      const read = async (session: Session) => await schemaText(session, plan);
      const text = await inOrder(async () => await withOne(sessions, signal, read));
      const part = await storeText(counted([text]), flowOf(plan));
      await observe({ type: 'part', key: titleOf(plan) });
      return { parts: [{ ...part, warnings: [], plan }], tables: [] };
    };
    return parts.map((plan) => orFail(turns(() => write(plan))));
  }

  async function survey(parts: readonly PartPlan[]): Promise<SurveyedTable[]> {
    // A table that is cut is counted once, as a whole.
    const rows = parts.filter(
      ({ kind, where, index }) => kind === 'data' && (where === null || index === 1),
    );
    if (rows.length === 0) return [];
    const isSummed = checksums ? await (stable ??= readStable(replica)) : () => false;
    return await withOne(sessions, signal, async (session) => {
      const tables: SurveyedTable[] = [];
      for (const part of rows) {
        tables.push(...(await surveyPart(session, replica.dialect, part, { isSummed, signal })));
      }
      return tables;
    });
  }

  function flowOf(part: PartPlan | null): TextFlow {
    return {
      title: titleOf(part),
      mend: part?.kind === 'objects' ? mendedObjects : null,
      filters: filtersOf(options),
      small: (part?.estimatedBytes ?? 0) < smallBytes ? smallFrame : null,
      spool: options.spool,
      sink: async (body) => await options.sink(part, body, signal),
      signal,
      onBytes: progress(),
    };
  }

  /** Waits for every job and every lane, so that nothing runs on after this has failed. */
  async function collect(jobs: readonly Promise<Done>[]): Promise<Dumped> {
    const ends = await Promise.allSettled(jobs);
    await Promise.allSettled(started);
    sessions.forEach((session) => session.destroy());
    signal.throwIfAborted();
    const done = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
    return {
      parts: done.flatMap(({ parts }) => parts),
      tables: done.flatMap(({ tables }) => tables),
    };
  }
}
