import { resolveServer } from './config/secret.js';
import { drained } from './drain.js';
import { reasonOf, StillpointError } from './errors.js';
import { whileClosed } from './freeze/closed.js';
import type { FreezePairOptions } from './freezePair.js';
import type { Run } from './openRun.js';
import { isWritable } from './pair/admin.js';
import { withLock } from './pair/lock.js';
import { waitForWriters } from './pair/openWriters.js';
import { refuseUnlessServing, waitForHandOver, watchOther } from './pair/otherNode.js';
import { gate } from './pair/preflight.js';
import { openServer, type Server } from './pair/server.js';
import { refuseUnattachable } from './pair/twoWriters.js';

/**
 * Runs `body` while the node of a pair with two writers takes none, and the other has all that it had
 * written; a pair with one is passed through. `body` works with the run and the options that it is given.
 * The node takes writes as soon as its channels run again, and is back in its proxy before this settles.
 */
export async function outOfWriting<T>(
  run: Run,
  options: FreezePairOptions,
  body: (run: Run, options: FreezePairOptions) => Promise<T>,
): Promise<T> {
  const { replica, pair } = run;
  if (pair.topology === 'source-replica') return await body(run, options);
  const { maxLag, lease: leaseSeconds } = pair.freeze;
  const { within } = pair.drain;
  const { id, observe } = options;
  return await withOther(run, async (other, lost) => {
    await refuseUnlessServing(other, replica, maxLag);
    await refuseUnattachable(other, replica);
    await gate(replica, maxLag);
    const watch = watchOther(other);
    const signal = AbortSignal.any([options.signal, lost, watch.gone]);
    try {
      // Whoever has taken it out of writing by hand has it back as it was.
      if (!(await isWritable(replica))) return await body(run, { ...options, signal });
      return await drained(run, { id, signal, observe }, async (journal) => {
        await waitForWriters(replica, { within, which: 'present', signal });
        const how = { leaseSeconds, within, signal, observe };
        return await whileClosed(replica, how, async (closed) => {
          await observe({ type: 'step', step: 'settle' });
          const until = { within, signal: closed.signal };
          await waitForWriters(replica, { ...until, which: 'all' });
          await waitForHandOver(replica, other, until);
          return await body(
            { ...run, journal },
            { ...options, signal: closed.signal, resumed: closed.reopen },
          );
        });
      });
    } finally {
      watch.end();
    }
  });
}

/** Opens the other node, locked, so that nobody takes that one out of writing at the same time. */
async function withOther<T>(
  { name, pair, replica }: Run,
  body: (other: Server, lost: AbortSignal) => Promise<T>,
): Promise<T> {
  const settings = await resolveServer(pair.source);
  const other = await openServer(settings, `source of ${name}`).catch((error: unknown) => {
    throw new StillpointError(
      'refused',
      `the ${replica.who} is the only one that takes writes: ${reasonOf(error)}`,
      {
        hint: 'It is left as it is. Back it up once the other node of the pair is there.',
        cause: error,
      },
    );
  });
  try {
    if (other.uuid === replica.uuid) {
      throw new StillpointError('refused', `source and replica of ${name} are one server`, {
        hint: 'Name another host under replica.',
      });
    }
    return await withLock(other, async (lost) => await body(other, lost));
  } finally {
    other.close();
  }
}
