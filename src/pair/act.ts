import type { Observe } from '../util/observe.js';
import type { Server } from './server.js';

/** One thing that is done to the servers of a pair: a statement, or something to wait for. */
export interface Act {
  /** For people: the server it is done to; empty when it is done to none. */
  on: string;
  /** The statement, or what is done, in words. May have to be read from a server first. */
  says: string | (() => Promise<string>);
  /** Given what was said. */
  run: (said: string) => Promise<void>;
}

/** How a server is called in what is said of it: its address. */
export function addressOf({ settings }: Pick<Server, 'settings'>): string {
  return settings.socketPath ?? `${settings.host}:${settings.port}`;
}

/** A statement. `timeoutSeconds` as of {@link Server.query}. */
export function statement(server: Server, sql: Act['says'], timeoutSeconds?: number): Act {
  return {
    on: addressOf(server),
    says: sql,
    run: async (said) => {
      await server.query(said, timeoutSeconds);
    },
  };
}

/** Something that is no statement of ours, in words for people. */
export function doing(on: Server | null, says: string, run: () => Promise<void>): Act {
  return { on: on === null ? '' : addressOf(on), says, run };
}

/** Does the acts one after another; each is said before it is done. With `dryRun` they are only said. */
export async function perform(
  acts: readonly Act[],
  { observe, dryRun }: { observe: Observe; dryRun: boolean },
): Promise<void> {
  for (const { on, says, run } of acts) {
    const said = typeof says === 'string' ? says : await says();
    await observe({ type: 'act', on, says: said });
    if (!dryRun) await run(said);
  }
}
