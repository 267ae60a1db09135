import type { Promotion } from './catalog/promotions.js';
import type { Promoting } from './finishPromotion.js';
import { addressOf } from './pair/act.js';
import { runUserHook } from './userHook.js';

/**
 * Runs a command of `failover` in the configuration, with the pair, what is done to it and both addresses.
 * Throws as `runUserHook`.
 */
export async function runPairHook(
  { chosen, replica, old, signal, observe }: Promoting,
  kind: Promotion['kind'],
  when: 'before' | 'after',
): Promise<void> {
  const argv = chosen.pair.failover[when];
  if (argv === undefined) return;
  const { host, port } = replica.settings;
  const key = `failover.${when}`;
  await observe({ type: 'act', on: '', says: `${key}: ${argv.join(' ')}` });
  await runUserHook({
    key,
    pair: chosen.name,
    argv,
    input: {
      event: `promote.${when}`,
      pair: chosen.name,
      kind,
      oldSource: { host: old.host, port: old.port },
      newSource: { host, port },
    },
    timeout: chosen.pair.failover.timeout,
    signal,
    hint:
      when === 'before'
        ? 'Nothing was changed. Run it by hand to see what is wrong.'
        : `${addressOf(replica)} takes writes: see to it that the application finds it.`,
  });
}
