import { mkdir } from 'node:fs/promises';
import { buildManifest, buildRecord } from './catalog/build.js';
import { commit, listBackups, putFile, writeManifest } from './catalog/catalog.js';
import type { BackupRecord } from './catalog/records.js';
import { resolvePair } from './config/choose.js';
import type { Config, ServerConfig } from './config/schema.js';
import { resolveServer } from './config/secret.js';
import { refuseBrokenViews } from './dump/brokenViews.js';
import { openDump, type Dumped } from './dump/dump.js';
import { takeInventory } from './dump/inventory.js';
import { findTools } from './dump/tools.js';
import { definitionsOf, dumpOptions, isStill, listingOf, planOf } from './dumpPair.js';
import { StillpointError } from './errors.js';
import { everything } from './failover/compareServers.js';
import { dataBytes, refuseNoRoom } from './failover/room.js';
import { sourceCoordinates } from './failover/sourceCoordinates.js';
import { readCoordinates } from './freeze/coordinates.js';
import { whatMoved } from './freeze/fence.js';
import { openGuard, type DdlGuard } from './freeze/guard.js';
import { openJournal } from './freeze/journal.js';
import { onSource, withReadLock } from './freeze/readLock.js';
import { spoolOf, type Run } from './openRun.js';
import { addressOf } from './pair/act.js';
import { openServer, type Server } from './pair/server.js';
import { readVariables } from './pair/variables.js';
import { restoreScript } from './restore/script.js';
import { removeSeedStore } from './seedStore.js';
import { newBackupId, restoreScriptKey } from './store/keys.js';
import { openStore } from './store/open.js';
import { systemClock } from './util/clock.js';
import type { Observe } from './util/observe.js';
import { withOptionFile } from './pair/optionFile.js';
import { bytesText } from './util/text.js';
import { together } from './util/together.js';
import { toolName } from './util/tool.js';

/** A definition that is changed makes the dump begin anew so many times. */
const attempts = 5;

export interface DumpSourceOptions {
  pair: string;
  /** How the source is reached, by an account that may do everything. */
  source: ServerConfig;
  /** Only say what would be done. */
  dryRun: boolean;
  signal: AbortSignal;
  observe: Observe;
}

/**
 * Dumps a source, whole and with all accounts, into the seed store (`config` as of `withSeedStore`).
 * It is locked for the moment that it takes to open snapshots; until the end of the dump nobody can change a
 * definition on it. A dump that is there already is taken.
 */
export async function dumpSource(config: Config, options: DumpSourceOptions): Promise<void> {
  const { observe, signal } = options;
  const chosen = resolvePair(config, options.pair);
  const { name, pair } = chosen;
  const place = await openStore(chosen.store);
  if ((await listBackups(place, name)).length > 0) return;
  if (!options.dryRun) await removeSeedStore(config, name);
  const settings = await resolveServer(options.source);
  const source = await openServer(settings, `source of ${name}`);
  try {
    await refuseNoRoom(source, config.stateDir);
    await sayDump(source, observe);
    if (options.dryRun) return;
    await mkdir(config.stateDir, { recursive: true, mode: 0o700 });
    const tools = await findTools(source.dialect.version.flavour, pair.tools, false);
    const spool = { ...spoolOf(pair.dump), folder: config.stateDir, diskLeft: 0 };
    await withOptionFile(source, async (optionFile) => {
      const run: Run = {
        ...{ ...chosen, replica: source, place, tools, spool, optionFile, recipients: [] },
        journal: openJournal(config.stateDir, name),
        others: [],
        close: () => Promise.resolve(),
      };
      for (let attempt = 1; attempt <= attempts; attempt += 1) {
        const record = await dumped(run, { signal, observe, listsBefore: attempt <= 2 });
        if (record) {
          await commit(place, record);
          return;
        }
        await removeSeedStore(config, name);
        const text = 'a definition was changed on the source, so the dump begins anew';
        await observe({ type: 'warning', text });
      }
      throw changed(source.who, 'definitions on it change all the time');
    });
  } finally {
    source.close();
  }
}

/** Says what is done to the source. */
async function sayDump(source: Server, observe: Observe): Promise<void> {
  const size = `about ${bytesText(await dataBytes(source))}`;
  const says = [
    `-- dump all databases and accounts, ${size}, from snapshots that are opened under`,
    'FLUSH TABLES WITH READ LOCK',
    '-- which is let go of once they are open; nobody can change a definition until the dump has ended',
  ];
  for (const sql of says) await observe({ type: 'act', on: addressOf(source), says: sql });
}

interface Attempt extends Pick<DumpSourceOptions, 'signal' | 'observe'> {
  /** What there is to dump is listed before the source is locked: else nothing can change in between, but it takes longer. */
  listsBefore: boolean;
}

/** Null when a definition was changed before nobody could any more. */
async function dumped(
  run: Run,
  { signal, observe, listsBefore }: Attempt,
): Promise<BackupRecord | null> {
  const { replica: source, name, place } = run;
  const clock = systemClock;
  const at = { pair: name, id: newBackupId(clock, 'seed') };
  const startedAt = clock.now();
  const begun = clock.seconds();
  const options = { id: at.id, exclusive: true, stores: true, signal, observe, clock };
  const variables = await readVariables(source);
  const inventory = await takeInventory(source, everything);
  await refuseBrokenViews(source, inventory);
  const failed = new AbortController();
  const ending = AbortSignal.any([signal, failed.signal]);
  const listed = listsBefore ? await listingOf(run, 'snapshot', inventory) : null;
  let guard: DdlGuard | undefined;
  let dumpRest: (() => Promise<Dumped>) | null | undefined;
  try {
    const read = async (lost: AbortSignal) => {
      const [pausedAt, since] = [clock.now(), clock.seconds()];
      // Not before: whoever changes a definition waits for it, on MySQL with a part of what the read lock needs (9.7).
      const held = (guard = await openGuard(source, { underReadLock: true }));
      const inside = AbortSignal.any([ending, held.lost]);
      const before = await readCoordinates(source, false);
      const plan = await planOf(run, options, listed ?? (await listingOf(run, 'snapshot')));
      const rest = await openDump(plan, dumpOptions(run, options, inside)).catch(
        async (error: unknown) => {
          // The mysqldump of a table that is gone since fails.
          if (inside.aborted || !listed || (await isStill(listed, run))) throw error;
          return null;
        },
      );
      dumpRest = rest;
      lost.throwIfAborted();
      const pauseSeconds = clock.seconds() - since;
      const moved = whatMoved(before, await readCoordinates(source, false), pauseSeconds);
      if (moved.length > 0) throw changed(source.who, moved.join('; '));
      const coordinates = sourceCoordinates(source, before);
      const freeze = { coordinates, pausedAt, resumedAt: clock.now(), pauseSeconds };
      return { rest, freeze, held, inside, databases: plan.databases };
    };
    const { rest, freeze, held, inside, databases } = await withReadLock(
      source,
      true,
      ending,
      read,
      onSource,
    );
    if (rest === null || (listed && !(await isStill(listed, run)))) {
      failed.abort(new Error('a definition was changed'));
      return null;
    }
    await observe({ type: 'step', step: 'stream' });
    const [parts, definitions] = await together(inside, rest, async (within) => {
      return await definitionsOf(run, databases, within);
    });
    await held.check();
    const finished = {
      ...{ ...at, freeze, dumped: parts, definitions, databases, variables },
      ...{ label: 'seed', hold: 'snapshot' as const, holdReason: null, lag: [], warnings: [] },
      ...{ startedAt, finishedAt: clock.now(), seconds: clock.seconds() - begun },
      ...{ replica: source, client: run.tools.mysqldump, store: place, encrypted: false },
      bothWrite: false,
    };
    const manifest = buildManifest(finished, toolName());
    const bare = buildRecord(finished);
    const script = Buffer.from(restoreScript(bare, manifest));
    return {
      ...bare,
      manifest: await writeManifest(place, manifest, signal),
      script: await putFile(place, restoreScriptKey(at), script),
    };
  } catch (error) {
    failed.abort(error);
    throw error;
  } finally {
    // Does nothing new after an end that failed, but waits for what had begun.
    if (failed.signal.aborted) await dumpRest?.().catch(() => undefined);
    await guard?.release();
  }
}

function changed(who: string, what: string): StillpointError {
  return new StillpointError(
    'failed',
    `the ${who} did not stand still while it was read: ${what}`,
    {
      hint: 'Run the same command again; nothing was changed on the replica.',
    },
  );
}
