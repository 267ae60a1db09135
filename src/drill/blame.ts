import { StillpointError } from '../errors.js';
import type { Server } from '../pair/server.js';

/**
 * The message of an error that speaks against the backup. What ended the drill from outside (the
 * signal), what is a refusal, and what comes from a server that is gone, is thrown on.
 */
export async function blamed(error: unknown, server: Server, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const isOurs = error instanceof StillpointError;
  if (!isOurs || !['failed', 'verification'].includes(error.code)) throw error;
  await server.query('SELECT 1');
  return error.message;
}
