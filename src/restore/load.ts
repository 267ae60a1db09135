import { asError, StillpointError } from '../errors.js';
import { feed } from '../util/chain.js';
import { failureOf, start, type Command } from '../util/command.js';
import type { Lent } from '../util/lent.js';

/** SQL on its way into a server. */
export interface LoadFlow {
  /** For messages: the part's key. */
  title: string;
  sql: Lent;
  /** The client that runs the SQL. */
  client: Command;
  signal: AbortSignal;
}

/**
 * Runs SQL by a client. When anything fails the client is killed before it sees an end: a client that
 * meets the end of its input runs what it has of the last statement.
 */
export async function runLoad({ title, sql, client: command, signal }: LoadFlow): Promise<void> {
  signal.throwIfAborted();
  const client = start(command);
  const kill = () => client.kill();
  signal.addEventListener('abort', kill, { once: true });
  try {
    client.stdout.resume();
    const fed = await feed(sealed(), client.stdin).then(() => null, asError);
    const ended = await client.ended;
    signal.throwIfAborted();
    // Not killed by us: it ended by itself, and nothing could be written any more.
    const isFirst = ended.status !== null && ended.status !== 0;
    if (fed instanceof StillpointError && (!isFirst || fed.code === 'verification')) throw fed;
    const failure = failureOf(client.name, ended);
    if (failure !== null) throw refusedSql(title, failure);
    if (fed !== null) throw fed;
  } finally {
    kill();
    await Promise.allSettled([client.ended]);
    signal.removeEventListener('abort', kill);
  }

  async function* sealed(): AsyncGenerator<Buffer> {
    try {
      yield* sql;
    } catch (error) {
      client.kill();
      throw error;
    }
  }
}

/** The error of a part whose SQL the server did not take. */
export function refusedSql(title: string, why: string): StillpointError {
  return new StillpointError('failed', `cannot load ${title}: ${why}`, {
    hint: 'What was loaded before stays in the target. Mend the cause and run the same command again: it goes on from there.',
  });
}
