import { hostname } from 'node:os';
import type { PairConfig } from './config/schema.js';
import type { ResolvedServer } from './config/secret.js';
import { resolveServer } from './config/secret.js';
import { StillpointError } from './errors.js';
import { carrying, type Journal, type JournalEntry } from './freeze/journal.js';
import { settled, withEarlier } from './freeze/outcome.js';
import type { Server } from './pair/server.js';
import { runUserHook } from './userHook.js';
import type { Observe } from './util/observe.js';

/** A node that is taken out of its proxy, and put back. */
export interface Draining {
  name: string;
  pair: PairConfig;
  replica: Server;
  journal: Journal;
}

export interface DrainedOptions {
  /** Of the backup that it is for. */
  id: string;
  signal: AbortSignal;
  observe: Observe;
}

/**
 * Runs `body` while the node is out of its proxy: `drain.before`, and in every ending `drain.after`. The
 * journal says so all the time, and `body` gets one that goes on saying it, so that the next run puts the
 * node back should this one die. A node that could not be resumed is not put back.
 */
export async function drained<T>(
  draining: Draining,
  { id, signal, observe }: DrainedOptions,
  body: (journal: Journal) => Promise<T>,
): Promise<T> {
  const { name, pair, replica } = draining;
  const { before, after } = pair.drain;
  const journal = carrying(draining.journal, { reopen: true, after: after !== undefined });
  await journal.write({
    pair: name,
    serverUuid: replica.uuid,
    backupId: id,
    phase: 'stored',
    channels: [],
    since: new Date().toISOString(),
    pid: process.pid,
    host: hostname(),
  });
  const work = async () => {
    await observe({ type: 'step', step: 'drain' });
    if (before) await runDrainHook(draining, before, 'before', signal);
    signal.throwIfAborted();
    return await body(journal);
  };
  const outcome = await settled(work());
  if (!outcome.ok && isStuck(outcome.error)) throw outcome.error;
  await observe({ type: 'step', step: 'put-back' });
  const back = await settled(putBack(draining));
  if (!back.ok) throw withEarlier(back.error, outcome);
  if (!outcome.ok) throw outcome.error;
  return outcome.value;
}

/** Runs `drain.after` if the journal says that it has to run; the journal says so no longer once it has. */
export async function putBack(draining: Draining): Promise<void> {
  const { pair, journal } = draining;
  const entry = await journal.read();
  if (!entry?.out) return;
  // It takes writes by now.
  const { out, ...rest } = entry;
  if (out.after && pair.drain.after) {
    await journal.write({ ...entry, out: { reopen: false, after: true } });
    await runDrainHook(draining, pair.drain.after, 'after', null);
  }
  await journal.write(rest satisfies JournalEntry);
}

function isStuck(error: unknown): boolean {
  return error instanceof StillpointError && error.code === 'not-resumed';
}

const addressOf = ({ host, port }: ResolvedServer) => ({ host, port });

/** Runs a command of `drain`, with the pair and both nodes as JSON on its standard input. */
async function runDrainHook(
  { name, pair, replica }: Draining,
  argv: readonly string[],
  when: 'before' | 'after',
  signal: AbortSignal | null,
): Promise<void> {
  await runUserHook({
    key: `drain.${when}`,
    pair: name,
    argv,
    input: {
      event: `drain.${when}`,
      pair: name,
      node: addressOf(replica.settings),
      other: addressOf(await resolveServer(pair.source)),
    },
    timeout: pair.drain.timeout,
    signal,
    hint:
      when === 'before'
        ? 'The node takes writes as before. Run it by hand to see what is wrong.'
        : `The node takes writes again, but may not get any. Mend it, then: stillpoint resume ${name}`,
  });
}
