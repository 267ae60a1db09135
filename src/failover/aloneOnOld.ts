import { StillpointError } from '../errors.js';
import type { Server } from '../pair/server.js';
import { extraByGtid } from './extra.js';

/**
 * What the old source has of its own in the end. On MariaDB an account with READ_ONLY ADMIN may write to it as soon
 * as its read lock is gone, and that has to go before it can follow: to set where it begins is a write to a table.
 * MySQL commits there what an XA transaction has prepared.
 */
export async function aloneOnOld(source: Server, replica: Server): Promise<string | null> {
  return (await extraByGtid(source, replica))?.says ?? null;
}

export function writtenTo(source: Server, alone: string, pair: string): StillpointError {
  const who = source.dialect.superReadOnly
    ? 'Whoever commits prepared XA transactions has to do that on the new source'
    : 'Find out which account with READ_ONLY ADMIN does that';
  return new StillpointError(
    'failed',
    `the ${source.who} was written to after it had been replaced: ${alone} is on it alone`,
    {
      hint: `${who}; \`stillpoint pair rejoin ${pair}\` saves it and makes a copy of that server again`,
    },
  );
}
