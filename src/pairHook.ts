import { runHook } from './notify/hook.js';
import { addressOf } from './pair/act.js';
import type { Promoting } from './finishPromotion.js';
import { reasonOf, StillpointError } from './errors.js';

/**
 * Runs a command of `failover` in the configuration, with the pair and both addresses as JSON on its standard
 * input. Throws `failed` when it ends badly.
 */
export async function runPairHook(
  { chosen, replica, old, signal, observe }: Promoting,
  argv: readonly string[] | undefined,
  when: 'before' | 'after',
): Promise<void> {
  if (argv === undefined) return;
  const { host, port } = replica.settings;
  const input = JSON.stringify({
    event: `promote.${when}`,
    pair: chosen.name,
    oldSource: { host: old.host, port: old.port },
    newSource: { host, port },
  });
  await observe({ type: 'act', on: '', says: `failover.${when}: ${argv.join(' ')}` });
  const bound = AbortSignal.timeout(chosen.pair.failover.timeout * 1000);
  try {
    await runHook(argv, `${input}\n`, AbortSignal.any([signal, bound]));
  } catch (error) {
    const why = bound.aborted ? `it took too long` : reasonOf(error);
    throw new StillpointError('failed', `failover.${when} of ${chosen.name} failed: ${why}`, {
      hint:
        when === 'before'
          ? 'Nothing was changed. Run it by hand to see what is wrong.'
          : `${addressOf(replica)} takes writes: see to it that the application finds it.`,
      cause: error,
    });
  }
}
