import { reasonOf, StillpointError } from '../errors.js';
import { isWritable } from '../pair/admin.js';
import type { Server } from '../pair/server.js';
import { waitFor } from '../util/wait.js';
import { passes } from './resume.js';

/** Seconds for which a node that does not answer is tried again. */
const patience = 300;

/**
 * Lets a node take writes again, and sees that it does; tries again while the node is away. Throws
 * `not-resumed` when a person must act.
 */
export async function openAgain(node: Server, within = patience): Promise<void> {
  const open = node.dialect.openForWrites();
  let reason = 'it stays read-only';
  const done = await waitFor(
    async () => {
      try {
        if (await isWritable(node)) return true;
        await node.query(open);
      } catch (error) {
        reason = reasonOf(error);
        if (!passes(error)) throw stuck(node, reason, error);
      }
      return null;
    },
    { within, every: 250 },
  );
  if (!done) throw stuck(node, reason);
}

function stuck(node: Server, reason: string, cause?: unknown): StillpointError {
  return new StillpointError(
    'not-resumed',
    `could not let the ${node.who} take writes again: ${reason}`,
    {
      hint: `Mend the cause, then run \`stillpoint resume\`, or on it: ${node.dialect.openForWrites()};`,
      cause,
    },
  );
}
