import type { Command } from 'commander';
import type { Context } from '../context.js';
import { registerPairPromote } from './pair/promote.js';
import { registerPairRejoin } from './pair/rejoin.js';

export function registerPair(program: Command, context: Context): void {
  const pair = program
    .command('pair')
    .description(
      'the servers themselves: the replica takes the place of the source, the old source comes back',
    );
  registerPairPromote(pair, context);
  registerPairRejoin(pair, context);
}
