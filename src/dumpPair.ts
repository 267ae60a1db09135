import { availableParallelism } from 'node:os';
import { sweepBackup } from './catalog/catalog.js';
import { storeSink } from './catalog/partKey.js';
import { insteadOfSnapshots, type Held } from './chooseHold.js';
import { areStillCut, cutTables, type CutTable } from './dump/cutTables.js';
import { readDefinitions, type Definition } from './dump/definitions.js';
import { dumpParts, openDump, type DumpPlan, type Dumped, type DumpOptions } from './dump/dump.js';
import { takeInventory, type DatabaseInfo } from './dump/inventory.js';
import { planParts } from './dump/plan.js';
import type { FreezeRecord } from './freeze/freeze.js';
import { openGuard, type DdlGuard } from './freeze/guard.js';
import { freezePair, type FreezePairOptions } from './freezePair.js';
import type { Run } from './openRun.js';
import type { LagSample } from './pair/lag.js';
import { refusePreparedXa } from './pair/preflight.js';
import { together } from './util/together.js';

/** What a backup holds, and where and how long the replica stood still for it. */
export interface DumpedPair {
  value: { databases: readonly DatabaseInfo[]; dumped: Dumped; definitions: Definition[] };
  freeze: FreezeRecord;
  lag: LagSample[];
}

/** What there is to dump, and how its large tables are cut. */
export interface Listing {
  databases: DatabaseInfo[];
  cuts: CutTable[];
}

/**
 * Dumps a pair as was decided. `databases` are what there was to dump a moment ago. Where definitions change
 * in every pause, `auto` dumps it in one. Throws `refused` then when snapshots were asked for.
 */
export async function dumpPair(
  run: Run,
  held: Held,
  databases: DatabaseInfo[],
  options: FreezePairOptions,
): Promise<DumpedPair & Held> {
  if (held.hold === 'dump') return { ...held, ...(await dumpWhilePaused(run, options)) };
  const listed = await listingOf(run, 'snapshot', databases);
  const dumped = await dumpFromSnapshots(run, listed, options);
  if (dumped) return { ...held, ...dumped };
  const instead = insteadOfSnapshots(run, 'definitions on it change all the time');
  return { ...instead, ...(await dumpWhilePaused(run, options)) };
}

/** Dumps a pair while it stands still: the pause lasts as long as the dump. */
async function dumpWhilePaused(run: Run, options: FreezePairOptions): Promise<DumpedPair> {
  return await freezePair(run, options, async (frozen) => {
    const plan = await planOf(run, options, await listingOf(run, 'dump'));
    const { databases } = plan;
    const [dumped, definitions] = await together(
      frozen.signal,
      async (signal) => await dumpParts(plan, dumpOptions(run, options, signal)),
      async (signal) => await definitionsOf(run, databases, signal),
    );
    return { databases, dumped, definitions };
  });
}

/** A definition that changes right after the pause makes it begin anew so many times. */
const attempts = 3;

/**
 * Dumps a pair from snapshots: the pause lasts until each is open and what no snapshot covers was read.
 * Definitions stay as they are until the end, since the backup lock holds back whatever changes them. Null
 * when they change all the time, so that no lock could be completed in between.
 */
async function dumpFromSnapshots(
  run: Run,
  listed: Listing,
  options: FreezePairOptions,
): Promise<DumpedPair | null> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    // To list anew within the pause makes it longer, but nothing can change in between.
    const dumped = await tryFromSnapshots(run, options, attempt === 1 ? listed : null);
    if (dumped) return dumped;
    const text = 'a definition changed right before or after the pause, so the dump begins anew';
    await options.observe({ type: 'warning', text });
    await sweepBackup(run.place, run.name, options.id);
  }
  return null;
}

/**
 * Null when a definition may have changed before the backup lock was complete, or has changed since what
 * there is to dump was `listed`.
 */
async function tryFromSnapshots(
  run: Run,
  options: FreezePairOptions,
  listed: Listing | null,
): Promise<DumpedPair | null> {
  const failed = new AbortController();
  let guard: DdlGuard | undefined;
  let dumpRest: (() => Promise<Dumped>) | undefined;
  let unopened: unknown;
  try {
    const { value, freeze, lag } = await freezePair(run, options, async (frozen) => {
      await options.observe({ type: 'step', step: 'guard' });
      guard = await openGuard(run.replica);
      const plan = await planOf(run, options, listed ?? (await listingOf(run, 'snapshot')));
      await options.observe({ type: 'step', step: 'open' });
      const signal = AbortSignal.any([frozen.signal, failed.signal, guard.lost]);
      dumpRest = await openDump(plan, dumpOptions(run, options, signal)).catch((error: unknown) => {
        if (!signal.aborted) unopened = error;
        throw error;
      });
      return { databases: plan.databases, dumpRest, signal };
    });
    if (!(await guard?.complete()) || (listed && !(await isStill(listed, run)))) {
      failed.abort(new Error('a definition changed'));
      return null;
    }
    await options.observe({ type: 'step', step: 'stream' });
    const [dumped, definitions] = await together(
      value.signal,
      async () => await value.dumpRest(),
      async (signal) => await definitionsOf(run, value.databases, signal),
    );
    await guard?.check();
    return { value: { databases: value.databases, dumped, definitions }, freeze, lag };
  } catch (error) {
    failed.abort(error);
    // The mysqldump of a table that is gone by the time of the pause fails. Nothing else begins anew.
    const isStale = listed && error === unopened && !(await isStill(listed, run).catch(() => true));
    if (isStale) return null;
    throw error;
  } finally {
    // Does nothing new after an end that failed, but waits for what had begun.
    if (failed.signal.aborted) await dumpRest?.().catch(() => undefined);
    await guard?.release();
  }
}

/**
 * Lists what there is to dump, unless it was listed already, and cuts large tables: for snapshots, which are
 * all open at once, into few pieces, and else into twice as many, so that no process is left alone in the end.
 */
export async function listingOf(
  { replica, pair }: Run,
  hold: Held['hold'],
  known?: DatabaseInfo[],
): Promise<Listing> {
  const databases = known ?? (await takeInventory(replica, pair.databases));
  const parallel = parallelOf(pair);
  const shares = hold === 'snapshot' ? parallel : parallel * 2;
  const cuts = await cutTables(replica, databases, { shares, partBytes: pair.dump.partSize });
  return { databases, cuts };
}

/** Whether there is just what was listed, whatever its size. */
export async function isStill(
  { databases, cuts }: Listing,
  { replica, pair }: Run,
): Promise<boolean> {
  const names = (of: readonly DatabaseInfo[]) =>
    JSON.stringify(of, (key, value: unknown) => (key === 'estimatedBytes' ? 0 : value));
  const found = await takeInventory(replica, pair.databases);
  return names(found) === names(databases) && (await areStillCut(replica, cuts));
}

/** The parts of what was listed. */
export async function planOf(
  { replica }: Run,
  { observe }: FreezePairOptions,
  { databases, cuts }: Listing,
): Promise<DumpPlan> {
  await refusePreparedXa(replica, 0);
  const parts = planParts(databases, cuts);
  const estimatedBytes = parts.reduce((sum, part) => sum + part.estimatedBytes, 0);
  await observe({ type: 'plan', parts: parts.length, estimatedBytes });
  return { databases, parts };
}

function parallelOf({ dump }: Run['pair']): number {
  return dump.parallel ?? availableParallelism();
}

/** How a run dumps. */
export function dumpOptions(
  run: Run,
  options: FreezePairOptions,
  signal: AbortSignal,
): DumpOptions {
  const { replica, pair, recipients } = run;
  return {
    replica,
    tools: run.tools,
    parallel: parallelOf(pair),
    partBytes: pair.dump.partSize,
    compression: pair.dump.compression,
    recipients,
    spool: run.spool,
    checksums: pair.dump.checksums,
    accounts: pair.dump.accounts,
    extraArgs: pair.dump.extraArgs,
    optionFile: run.optionFile,
    sink: storeSink(run.place, { pair: run.name, id: options.id }, recipients.length > 0),
    signal,
    observe: options.observe,
  };
}

/** What SHOW CREATE says of everything, for a drill to compare. */
export async function definitionsOf(
  run: Run,
  databases: readonly DatabaseInfo[],
  signal: AbortSignal,
) {
  const session = await run.replica.session();
  try {
    return await readDefinitions(session, databases, signal);
  } finally {
    session.destroy();
  }
}
