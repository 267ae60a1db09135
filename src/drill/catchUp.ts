import type { BackupRecord } from '../catalog/records.js';
import type { DrillRecord } from '../catalog/drillRecord.js';
import type { SourceAddress } from '../dialect/dialect.js';
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
  source: Omit<SourceAddress, 'channel'>;
  /** What the source had written when the drill began; null when it did not say. */
  reach: Barrier | null;
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
 * Proves that replication goes on from the recorded coordinates: attaches the sandbox to the source,
 * sees it reach the source's position without an error, then brings it to exactly where the replica
 * stands in a short freeze, and compares the tables of the two.
 */
export async function proveCatchUp(
  sandbox: Server,
  options: CatchUpOptions,
  evidence: Evidence,
): Promise<NonNullable<DrillRecord['catchUp']>> {
  const { record, replica, signal, observe, now } = options;
  const [channel] = record.coordinates.channels;
  const name = channel?.name ?? '';
  const lag: { at: number; seconds: number }[] = [];
  const begun = now();
  await attach(sandbox, record, options.source, {
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
  const reached = barrierText(options.reach ?? { position: await executedBy(sandbox), source: '' });
  evidence.passed(
    'catch-up',
    `from the recorded coordinates to ${reached} in ${seconds.toFixed(1)} s`,
  );

  // The sandbox must not be ahead of where the replica will stand.
  await sandbox.query(sandbox.dialect.stopReplica(name));
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
    await goTo(sandbox, name, freeze.coordinates, signal);
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

async function executedBy(server: Server): Promise<{ file: string; position: number }> {
  const [channel] = await channelsOf(server);
  return channel?.executed ?? { file: '', position: 0 };
}

async function replicaHasWhatSandboxHas(
  replica: Server,
  sandbox: Server,
  signal: AbortSignal,
): Promise<void> {
  const applied = await appliedBy(sandbox);
  const executed = await executedBy(sandbox);
  const done = await waitFor(
    async () => {
      if (applied === null) return isPast(await executedBy(replica), executed) ? true : null;
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

/** Brings a server that follows the same source, and is stopped, to exactly where another one stood. */
export async function goTo(
  sandbox: Server,
  channel: string,
  { gtid, channels }: Pick<Coordinates, 'gtid' | 'channels'>,
  signal: AbortSignal,
): Promise<void> {
  const position = channels[0]?.source ?? { file: '', position: 0 };
  const until = gtid === null ? { position } : { gtid };
  await sandbox.query(sandbox.dialect.startReplicaUntil(channel, until));
  const stopped = await waitFor(
    async () => {
      const [found] = await channelsOf(sandbox);
      if (found?.applierRunning !== false && gtid !== null && (await appliedBy(sandbox)) === gtid) {
        // MariaDB's UNTIL does not stop after a change of tables without transactions.
        await sandbox.query(sandbox.dialect.stopReplica(channel));
        return null;
      }
      return found?.applierRunning === false ? found : null;
    },
    { within: soon, every: 20, signal },
  );
  if (stopped?.applierErrno === 0 && (await isAt(sandbox, gtid))) return;
  throw new StillpointError(
    'failed',
    `the ${sandbox.who} does not come to where the other server stood: ${stopped?.applierError ?? `it had ${soon} s`}`,
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
