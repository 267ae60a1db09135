import type { Command } from 'commander';
import type { Context } from '../context.js';
import { registerPairPromote } from './pair/promote.js';

export function registerPair(program: Command, context: Context): void {
  const pair = program
    .command('pair')
    .description('the servers themselves: let the replica take the place of the source');
  registerPairPromote(pair, context);
}
