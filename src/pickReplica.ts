import { withReplica, type ChosenPair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { reasonOf, StillpointError } from './errors.js';
import { journalAt, openJournal } from './freeze/journal.js';
import { recover } from './freeze/recover.js';
import { decide, healthOf, unreachable, type Candidate } from './pair/health.js';
import { isLocked, withLock } from './pair/lock.js';
import { withReplicas, type OpenReplica } from './replicasOpen.js';
import type { Observe } from './util/observe.js';
import { waitFor } from './util/wait.js';

export interface PickOptions {
  /** The name of the replica that was asked for. */
  replica: string | undefined;
  /** Seconds to wait for another run to end. */
  lockWithin: number;
  signal: AbortSignal;
  observe: Observe;
}

/** A pair with the replica to pause, and why that one. */
export interface Picked {
  chosen: ChosenPair;
  /** Null where there is one. */
  reason: string | null;
}

/**
 * The replica of a pair that is to be paused. Of several each that a dead run left paused is resumed first,
 * and a run that is going on is waited for; then one is picked by health, preference and lag. Throws
 * `refused` when none may be, `locked` when the run does not end in time.
 */
export async function pickReplica(
  config: Config,
  chosen: ChosenPair,
  options: PickOptions,
): Promise<Picked> {
  const { replica, observe } = options;
  const asked = replica === undefined ? chosen : withReplica(chosen, replica);
  if (chosen.pair.replicas === undefined) return { chosen: asked, reason: null };
  const { name, pair } = chosen;
  const found = await withReplicas(chosen, async (replicas) => {
    await waitForOthers(replicas, options);
    for (const one of replicas) await settle(config, chosen, one, options);
    const candidates = await Promise.all(replicas.map(candidateOf));
    return decide(candidates, { pair: name, maxLag: pair.freeze.maxLag, replica });
  });
  await observe({ type: 'picked', replica: found.name, reason: found.reason });
  return { chosen: withReplica(chosen, found.name), reason: found.reason };
}

/** How one of several replicas is now. */
export async function candidateOf({
  name,
  preference,
  backups,
  opened,
  reason,
}: OpenReplica): Promise<Candidate> {
  const health = opened
    ? await healthOf(opened).catch((error: unknown) => unreachable(reasonOf(error)))
    : unreachable(reason);
  return { name: name ?? '', preference, backups, ...health };
}

/** A run holds the locks of all replicas that it reaches. */
async function waitForOthers(
  replicas: readonly OpenReplica[],
  { lockWithin, signal }: PickOptions,
): Promise<void> {
  let who = '';
  const free = await waitFor(
    async () => {
      for (const { opened } of replicas) {
        if (!opened || !(await isLocked(opened).catch(() => false))) continue;
        who = opened.who;
        return null;
      }
      return true;
    },
    { within: lockWithin, every: 200, signal },
  );
  if (free) return;
  throw new StillpointError('locked', `another run holds the lock on the ${who}`, {
    hint: '`stillpoint status` shows what it does.',
  });
}

/** Resumes a replica that a dead run left paused: nothing else is to be paused meanwhile. */
async function settle(
  { stateDir }: Config,
  { name }: ChosenPair,
  { name: replica, opened }: OpenReplica,
  { lockWithin: within, signal, observe }: PickOptions,
): Promise<void> {
  if (!opened) {
    const entry = await openJournal(stateDir, name, replica).read();
    if (entry?.phase !== 'frozen') return;
    const text = `replica ${replica ?? ''} of ${name} was paused by a run that died (${entry.since}) and does not answer: its lease lets it go on, \`stillpoint resume ${name}\` makes sure once it is back`;
    await observe({ type: 'warning', text });
    return;
  }
  const journal = await journalAt(stateDir, name, { name: replica, uuid: opened.uuid });
  const entry = await journal.read();
  if (entry?.phase !== 'frozen') return;
  await withLock(
    opened,
    async () => {
      await recover(opened, journal);
      await journal.write({ ...entry, phase: 'stored' });
    },
    { within, signal },
  );
}
