import type { BackupRecord } from '../catalog/records.js';
import type { DrillRecord } from '../catalog/drillRecord.js';
import type { ChannelStatus, SourceAddress } from '../dialect/dialect.js';
import { number } from '../dialect/rows.js';
import { StillpointError } from '../errors.js';
import { takeInventory, type Selection } from '../dump/inventory.js';
import type { Coordinates } from '../freeze/coordinates.js';
import type { FreezeRecord, Frozen } from '../freeze/freeze.js';
import { barrierText, isPast, type Barrier } from '../pair/barrier.js';
import { channelsOf } from '../pair/channels.js';
import { gtidStateOf } from '../pair/position.js';
import type { Server } from '../pair/server.js';
import { attach } from '../restore/attach.js';
import type { Observe } from '../util/observe.js';
import { waitFor } from '../util/wait.js';
import { comparableTables, compareSnapshot, openSnapshot, type Snapshot } from './snapshot.js';
import type { Evidence } from './evidence.js';
import { plural } from './words.js';

export interface CatchUpOptions {
  record: BackupRecord;
  /** One for each channel. */
  sources: readonly SourceAddress[];
  /** What each source had written when the drill began, by channel; null when it did not say. */
  reach: ReadonlyMap<string, Barrier | null>;
  replica: Server;
  /** Runs `body` while the replica stands still, with all the promises of a backup's freeze. */
  freeze: (body: (frozen: Frozen) => Promise<void>) => Promise<{ freeze: FreezeRecord }>;
  databases: Selection;
  /** Sessions at once, on either server. */
  parallel: number;
  /** Seconds since the start of the drill. */
  now: () => number;
  signal: AbortSignal;
  observe: Observe;
}

/** Seconds that following the source may take: a backup may be days old. */
const patience = 24 * 3600;
/** Seconds for what should take a moment. */
const soon = 300;

/**
 * Proves that replication goes on from the recorded coordinates: attaches the sandbox to the source, or to all that
 * the replica has, sees it reach their positions without an error, then brings it to exactly where the replica
 * stands in a short freeze, and compares the tables of the two.
 */
export async function proveCatchUp(
  sandbox: Server,
  options: CatchUpOptions,
  evidence: Evidence,
): Promise<NonNullable<DrillRecord['catchUp']>> {
  const { record, replica, signal, observe, now } = options;
  const lag: { at: number; seconds: number }[] = [];
  const begun = now();
  await attach(sandbox, record, options.sources, {
    within: patience,
    reach: options.reach,
    signal,
    observe: async (event) => {
      if (event.type === 'lag' && event.seconds !== null) {
        lag.push({ at: now(), seconds: event.seconds });
      }
      if (event.type !== 'act') await observe(event);
    },
  });
  const seconds = Math.round((now() - begun) * 1000) / 1000;
  const reached = await reachedText(sandbox, options.reach);
  evidence.passed(
    'catch-up',
    `from the recorded coordinates to ${reached} in ${seconds.toFixed(1)} s`,
  );

  // The sandbox must not be ahead of where the replica will stand.
  await stopAll(sandbox, record.coordinates.channels);
  await replicaHasWhatSandboxHas(replica, sandbox, signal);
  await observe({ type: 'step', step: 'compare' });
  const { parallel } = options;
  const inventory = await takeInventory(replica, options.databases);
  const tables = await comparableTables(replica, inventory);
  const opened: Snapshot[] = [];
  try {
    const { freeze } = await options.freeze(async ({ signal: inside }) => {
      const among = { parallel, signal: inside };
      opened.push(await openSnapshot(replica, tables, among));
    });
    const { pauseSeconds } = freeze;
    await goTo(sandbox, freeze.coordinates, signal);
    const [snapshot] = opened;
    if (!snapshot) throw new Error('the freeze ended without its body');
    const found = await compareSnapshot(sandbox, snapshot, signal);
    const meanwhile =
      found.changed.length === 0
        ? ''
        : `; not compared, since altered meanwhile: ${found.changed.join(', ')}`;
    evidence.compared(
      'replica',
      found.differences,
      `${plural(found.compared, 'table')} equal to the replica's, which was paused for ${pauseSeconds.toFixed(2)} s${meanwhile}`,
    );
    return { seconds, reached, pauseSeconds, compared: found.compared, lag: thinned(lag) };
  } finally {
    for (const snapshot of opened) snapshot.close();
  }
}

/** For people: what was reached of each source. */
async function reachedText(sandbox: Server, reach: CatchUpOptions['reach']): Promise<string> {
  const texts = (await channelsOf(sandbox)).map(({ name, executed }) => {
    const text = barrierText(reach.get(name) ?? { position: executed, source: '' });
    return reach.size > 1 ? `${text} of channel ${name}` : text;
  });
  return texts.join(', ');
}

async function stopAll(server: Server, channels: readonly { name: string }[]): Promise<void> {
  for (const { name } of channels) await server.query(server.dialect.stopReplica(name));
}

async function replicaHasWhatSandboxHas(
  replica: Server,
  sandbox: Server,
  signal: AbortSignal,
): Promise<void> {
  const applied = await appliedBy(sandbox);
  const sandboxed = await channelsOf(sandbox);
  const done = await waitFor(
    async () => {
      if (applied === null) {
        const channels = await channelsOf(replica);
        const has = ({ name, executed }: ChannelStatus) =>
          channels.some((one) => one.name === name && isPast(one.executed, executed));
        return sandboxed.every(has) ? true : null;
      }
      const [waited] = await replica.query(replica.dialect.waitForGtid(applied, 1));
      return number(waited ?? {}, 'reached') === 1 ? true : null;
    },
    { within: soon, signal },
  );
  if (!done) {
    throw new StillpointError('failed', `the ${replica.who} does not come to where the sandbox is`);
  }
}

async function appliedBy(server: Server): Promise<string | null> {
  return (await gtidStateOf(server)).applied;
}

/** Brings a server that follows the same sources, and is stopped, to exactly where another one stood. */
export async function goTo(
  sandbox: Server,
  { gtid, channels }: Pick<Coordinates, 'gtid' | 'channels'>,
  signal: AbortSignal,
): Promise<void> {
  // A set of GTIDs is the end of all channels together, so that one could pass its own before the others come.
  const byGtid = gtid !== null && channels.length === 1;
  for (const { name, source } of channels) {
    const until = byGtid ? { gtid } : { position: source };
    await sandbox.query(sandbox.dialect.startReplicaUntil(name, until));
  }
  const isOurs = ({ name }: { name: string }) => channels.some((one) => one.name === name);
  const stopped = await waitFor(
    async () => {
      const found = (await channelsOf(sandbox)).filter(isOurs);
      const isRunning = found.some(({ applierRunning }) => applierRunning);
      // MariaDB's UNTIL does not stop after a change of tables without transactions.
      if (isRunning && gtid !== null && (await appliedBy(sandbox)) === gtid) {
        await stopAll(sandbox, found);
        return null;
      }
      return isRunning || found.length === 0 ? null : found;
    },
    { within: soon, every: 20, signal },
  );
  const broken = stopped?.find(({ applierErrno }) => applierErrno !== 0);
  if (stopped && !broken && (await isAt(sandbox, gtid))) return;
  throw new StillpointError(
    'failed',
    `the ${sandbox.who} does not come to where the other server stood: ${stopped ? (broken?.applierError ?? '') : `it had ${soon} s`}`,
  );
}

/** By GTID; a position was the end that UNTIL itself looked for. */
async function isAt(sandbox: Server, gtid: string | null): Promise<boolean> {
  if (gtid === null) return true;
  const [row] = await sandbox.query(sandbox.dialect.waitForGtid(gtid, 1));
  return number(row ?? {}, 'reached') === 1;
}

/** At most some hundred samples, evenly chosen. */
function thinned<T>(samples: readonly T[]): T[] {
  const step = Math.ceil(samples.length / 300);
  return samples.filter((_, i) => i % step === 0 || i === samples.length - 1);
}
