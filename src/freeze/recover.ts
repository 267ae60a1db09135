import type { Server } from '../pair/server.js';
import type { Journal, JournalEntry } from './journal.js';
import { fireStaleLeases } from './lease.js';
import { openAgain } from './reopen.js';
import { resumeChannels } from './resume.js';
import { StillpointError } from '../errors.js';
import type { Observe } from '../util/observe.js';

/**
 * Puts right what a dead run left, before anything else is done to the replica: its leases fire, the
 * channels that its journal says it had paused run again, and it takes writes if it was kept from it. Call it
 * under the lock. Returns the journal's entry, whose backup is garbage if it was not committed, or null; the
 * caller closes the journal once it has swept. Throws `refused` when it is another server that is paused.
 */
export async function recover(replica: Server, journal: Journal): Promise<JournalEntry | null> {
  const entry = await journal.read();
  if (entry && isHeld(entry) && entry.serverUuid !== replica.uuid) {
    throw new StillpointError(
      'refused',
      `the journal of pair ${entry.pair} is about another replica (${entry.serverUuid})`,
      {
        hint: 'Name that server as the replica again and run `stillpoint resume`, or see that its SQL thread runs and remove the journal from stateDir.',
      },
    );
  }
  await fireStaleLeases(replica);
  if (entry?.serverUuid !== replica.uuid) return entry;
  if (entry.phase === 'frozen') await resumeChannels(replica, entry.channels);
  if (entry.out?.reopen) await openAgain(replica);
  return entry;
}

/**
 * The same before a server changes its role: what the dead run has stored is left to the next backup, and a journal
 * about another server, which may be gone, hinders nothing.
 */
export async function endFreeze(
  replica: Server,
  journal: Journal,
  observe: Observe,
): Promise<void> {
  const left = await journal.read();
  if (left && isHeld(left) && left.serverUuid !== replica.uuid) {
    const text = `the journal of pair ${left.pair} is about another replica (${left.serverUuid}), which a dead run has left paused`;
    await observe({ type: 'warning', text });
    await fireStaleLeases(replica);
    return;
  }
  const entry = await recover(replica, journal);
  if (entry?.phase === 'frozen') await journal.write({ ...entry, phase: 'stored' });
}

/** Whether a server may stand still, or be out of writing. */
function isHeld({ phase, out }: JournalEntry): boolean {
  return phase === 'frozen' || out !== undefined;
}
