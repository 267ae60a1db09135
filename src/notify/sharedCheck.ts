import type { Config } from '../config/schema.js';
import { isSharedByPairs } from './heartbeat.js';
import type { Action } from './outcome.js';

/**
 * What is wrong when the check of an action stands for several pairs, as a line; null when it does not.
 * Throws `config` when its URL cannot be read.
 */
export async function sharedCheck(
  config: Config,
  pair: string | null,
  action: Action,
): Promise<string | null> {
  const { heartbeat } = config.notify;
  const own = pair === null ? undefined : config.pairs[pair]?.notify?.heartbeat;
  const pairs = Object.keys(config.pairs).length;
  if (heartbeat === undefined || own !== undefined || pairs === 1) return null;
  if (!(await isSharedByPairs(heartbeat, action))) return null;
  return `notify.heartbeat is one check for ${pairs} pairs, so that one that works hides one that does not: write {pair} into its URL, or give each pair a notify of its own`;
}
