import type { Server } from '../pair/server.js';
import type { Journal, JournalEntry } from './journal.js';
import { fireStaleLeases } from './lease.js';
import { openAgain } from './reopen.js';
import { resumeChannels } from './resume.js';
import { StillpointError } from '../errors.js';

/**
 * Puts right what a dead run left, before anything else is done to the replica: its leases fire, the
 * channels that its journal says it had paused run again, and it takes writes if it was kept from it. Call it under the lock. Returns the
 * journal's entry, whose backup is garbage if it was not committed, or null; the caller closes the
 * journal once it has swept.
 */
export async function recover(replica: Server, journal: Journal): Promise<JournalEntry | null> {
  const entry = await journal.read();
  if (entry && entry.serverUuid !== replica.uuid) {
    throw new StillpointError(
      'refused',
      `the journal of pair ${entry.pair} is about another replica (${entry.serverUuid})`,
      {
        hint: 'Name that server as the replica again and run `stillpoint resume`, or see that its SQL thread runs and remove the journal from stateDir.',
      },
    );
  }
  await fireStaleLeases(replica);
  if (entry?.phase === 'frozen') await resumeChannels(replica, entry.channels);
  if (entry?.out?.reopen) await openAgain(replica);
  return entry;
}
