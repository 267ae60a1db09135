import { reasonOf, StillpointError } from '../errors.js';
import { isGone } from '../pair/closeWrites.js';
import type { Server } from '../pair/server.js';
import { errno } from '../pair/session.js';
import type { Observe } from '../util/observe.js';
import { waitFor } from '../util/wait.js';
import { openLease, type Lease } from './lease.js';
import { settled, withEarlier } from './outcome.js';
import { openAgain } from './reopen.js';

export interface ClosedOptions {
  /** Seconds that the lease sleeps. */
  leaseSeconds: number;
  /** Seconds that a statement which writes may keep the node from being closed. */
  within: number;
  signal: AbortSignal;
  observe: Observe;
}

/** A node that takes no writes. */
export interface Closed {
  /** Fires when the node may take writes again without us. */
  signal: AbortSignal;
  /** Lets it take writes again before the end. What fails is tried again at the end, so it does not throw. */
  reopen: () => Promise<void>;
}

/**
 * Runs `body` while a node takes no writes but those that it replicates. It takes writes again before
 * this settles, whatever happens, or this throws `not-resumed`. If we die, the server itself sees to it:
 * the session that closes the node holds a lease, as that which stops the appliers does. Measured on
 * MariaDB 10.11 and MySQL 9.7. Throws `refused` when a statement keeps the node from being closed.
 */
export async function whileClosed<T>(
  node: Server,
  options: ClosedOptions,
  body: (closed: Closed) => Promise<T>,
): Promise<T> {
  const { observe } = options;
  await observe({ type: 'step', step: 'close-writes' });
  const lease = await close(node, options);
  let isOpen = false;
  const reopen = async () => {
    if (isOpen) return;
    await observe({ type: 'step', step: 'open-writes' });
    await openAgain(node);
    isOpen = true;
    // It takes writes by now: a lease that cannot be taken back does no harm when it fires.
    await lease.drop().catch(() => undefined);
  };
  const signal = AbortSignal.any([options.signal, lease.lost]);
  const early = async () => await reopen().catch(() => undefined);
  const outcome = await settled(body({ signal, reopen: early }));
  const opened = await settled(reopen());
  if (!opened.ok) {
    lease.fire();
    throw withEarlier(opened.error, outcome);
  }
  if (!outcome.ok) throw outcome.error;
  return outcome.value;
}

/**
 * Seconds that closing may wait for locks at a time: everybody who wants to write waits behind it, and
 * parallel appliers may wait for it and it for them until it gives up.
 */
const atATime = 3;

async function close(
  node: Server,
  { leaseSeconds, within, signal }: ClosedOptions,
): Promise<Lease> {
  const { dialect } = node;
  const words = {
    first: [`SET SESSION lock_wait_timeout = ${atATime}`, dialect.closeForWrites()],
    promised: [dialect.openForWrites()],
  };
  const end = performance.now() + within * 1000;
  for (;;) {
    signal.throwIfAborted();
    const lease = await openLease(node, words, leaseSeconds);
    const outcome = await settled(lease.begin(atATime * 3, AbortSignal.any([signal, lease.lost])));
    if (outcome.ok && outcome.value) return lease;
    await lease.drop().catch(() => undefined);
    const stopper = lease.stopper();
    await waitFor(async () => await isGone(node, stopper), { within: 60, every: 50 });
    // It may have gone through in the last moment.
    await openAgain(node);
    signal.throwIfAborted();
    const error = outcome.ok ? null : outcome.error;
    if (!isLockWait(error)) throw notClosed(node, reasonOf(error), error);
    if (performance.now() > end) {
      throw notClosed(node, `a statement or a lock kept it open for ${within} s`, error);
    }
  }
}

/** 1205: lock wait timeout. Null: it was still waiting after longer than that. */
function isLockWait(error: unknown): boolean {
  return error === null || (error instanceof StillpointError && errno(error.cause) === 1205);
}

function notClosed(node: Server, reason: string, cause: unknown): StillpointError {
  return new StillpointError('refused', `could not close the ${node.who} for writes: ${reason}`, {
    hint: 'It takes writes as before. SHOW PROCESSLIST on it names who writes; `drain` says how it is drained first.',
    cause,
  });
}
