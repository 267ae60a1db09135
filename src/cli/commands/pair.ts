import type { Command } from 'commander';
import type { Context } from '../context.js';
import { registerPairPromote } from './pair/promote.js';
import { registerPairRejoin } from './pair/rejoin.js';
import { registerPairSetup } from './pair/setup.js';

export function registerPair(program: Command, context: Context): void {
  const pair = program
    .command('pair')
    .description('the servers themselves: make a pair of two, change their roles, take one back');
  registerPairSetup(pair, context);
  registerPairPromote(pair, context);
  registerPairRejoin(pair, context);
}
