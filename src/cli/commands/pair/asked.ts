import type { Command } from 'commander';
import type { Observe } from '../../../util/observe.js';
import { ask } from '../../ask.js';
import type { Context, GlobalOptions } from '../../context.js';

/** What all commands about a pair hand on: which one, who is asked, what ends it and who is told. */
export interface AskedOfPair {
  pair?: string;
  confirm: (what: string) => Promise<void>;
  signal: AbortSignal;
  observe: Observe;
}

export function askedOfPair(
  { terminal, signal }: Context,
  name: string | undefined,
  command: Command,
): AskedOfPair {
  const { yes = false } = command.optsWithGlobals<GlobalOptions>();
  let isBegun = false;
  return {
    ...(name === undefined ? {} : { pair: name }),
    confirm: async (what) => {
      terminal.clear();
      await ask(what, yes, isBegun);
    },
    signal,
    observe: (event) => {
      // What stands after dashes is no statement.
      if (event.type === 'act' && !event.says.startsWith('--')) isBegun = true;
      return terminal.observe(event);
    },
  };
}
