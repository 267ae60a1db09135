import pLimit from 'p-limit';
import type { Server } from './server.js';
import type { Session } from './session.js';

export interface InSessionsOptions {
  /** Sessions at once. */
  parallel: number;
  signal: AbortSignal;
  /** Sessions that are there already, e.g. in a transaction, in place of new ones. They stay open. */
  sessions?: readonly Session[];
}

/**
 * Works through `items` with several sessions of a server at once, each used by one item at a time.
 * Results are in the order of the items. The first failure, or the signal, cuts the sessions, and is
 * what this throws once all have settled.
 */
export async function inSessions<I, O>(
  server: Server,
  items: readonly I[],
  options: InSessionsOptions,
  work: (session: Session, item: I) => Promise<O>,
): Promise<O[]> {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  signal.throwIfAborted();
  const count = Math.max(1, Math.min(options.parallel, items.length));
  const free: Session[] = options.sessions
    ? [...options.sessions]
    : await Promise.all(Array.from({ length: count }, async () => await server.session()));
  const all = [...free];
  const cut = () => all.forEach((session) => session.destroy());
  signal.addEventListener('abort', cut, { once: true });
  const limit = pLimit(free.length);
  const ends = await Promise.allSettled(
    items.map((item) =>
      limit(async () => {
        signal.throwIfAborted();
        const session = free.pop();
        if (!session) throw new Error('more items at once than sessions');
        try {
          return await work(session, item);
        } catch (error) {
          failed.abort(error);
          throw error;
        } finally {
          free.push(session);
        }
      }),
    ),
  );
  signal.removeEventListener('abort', cut);
  if (!options.sessions) cut();
  signal.throwIfAborted();
  return ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
}
