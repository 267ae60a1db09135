import { StillpointError } from '../errors.js';
import { channelsOf, channelTitle } from './channels.js';
import { worstLag } from './lag.js';
import type { Server } from './server.js';

/** Whether a replica does what it is there for. */
export interface Health {
  /** What is wrong with it; null when it answers and replicates. */
  trouble: string | null;
  /** Seconds behind its source, beyond a configured delay; null where it does not tell. */
  lagSeconds: number | null;
}

/** Of one that does not answer. */
export function unreachable(reason: string): Health {
  return { trouble: reason, lagSeconds: null };
}

/** Looks at the channels of a replica. */
export async function healthOf(replica: Server): Promise<Health> {
  const channels = await channelsOf(replica);
  if (channels.length === 0) return { trouble: 'it replicates nothing', lagSeconds: null };
  const lagSeconds = worstLag(channels);
  for (const channel of channels) {
    const why = channel.applierError || channel.receiverError;
    const more = why === '' ? '' : `: ${why}`;
    if (!channel.applierRunning)
      return { trouble: `${channelTitle(channel)} is stopped${more}`, lagSeconds };
    if (channel.receiver !== 'running')
      return { trouble: `the I/O thread is ${channel.receiver}${more}`, lagSeconds };
  }
  return { trouble: null, lagSeconds };
}

/** One of several replicas that may be paused. */
export interface Candidate extends Health {
  name: string;
  preference: number;
  /** Whether it may be paused at all. */
  backups: boolean;
}

export interface Wanted {
  /** Name of the pair, for what is said. */
  pair: string;
  /** Seconds behind beyond which none is paused. */
  maxLag: number;
  /** The one that was asked for. */
  replica: string | undefined;
}

/**
 * Which of several replicas to pause, and why, in words: of those that are well and not too far behind the
 * one of highest preference, of equal ones the least behind. Throws `refused` when there is none, or when
 * no other would be left that is well while one is down.
 */
export function decide(
  candidates: readonly Candidate[],
  { pair, maxLag, replica }: Wanted,
): { name: string; reason: string } {
  const whyNot = (one: Candidate): string | null => {
    if (!one.backups) return 'never paused (backups: false)';
    if (one.trouble !== null) return one.trouble;
    if (one.lagSeconds === null) return 'it does not tell how far it is behind';
    return one.lagSeconds > maxLag ? `${one.lagSeconds} s behind, the gate is ${maxLag} s` : null;
  };
  const asked = candidates.filter(({ name }) => replica === undefined || name === replica);
  const fit = asked
    .filter((one) => whyNot(one) === null)
    .sort((a, b) => b.preference - a.preference || lagOf(a) - lagOf(b));
  const [best, next] = fit;
  if (!best) {
    const reasons = asked.map((one) => `${one.name}: ${whyNot(one) ?? ''}`).join('; ');
    throw new StillpointError('refused', `no replica of ${pair} may be paused: ${reasons}`, {
      hint: `\`stillpoint status ${pair}\` shows them; replicas in the configuration says which may be.`,
    });
  }
  refuseLast(candidates, best.name, pair);
  const others = candidates.filter((one) => one !== best);
  if (replica !== undefined) return { name: best.name, reason: 'it was asked for' };
  if (!next) {
    const reasons = others.map((one) => `${one.name}: ${whyNot(one) ?? ''}`).join('; ');
    const more = reasons === '' ? '' : ` (${reasons})`;
    return { name: best.name, reason: `the only one that may be paused${more}` };
  }
  if (best.preference > next.preference)
    return { name: best.name, reason: `preference ${best.preference}` };
  const lags = fit.slice(1).map((one) => `${one.name} ${lagOf(one)} s`);
  const reason =
    lagOf(best) < lagOf(next)
      ? `the least behind: ${lagOf(best)} s, ${lags.join(', ')}`
      : `the first of those that are equally near (${lagOf(best)} s)`;
  return { name: best.name, reason };
}

/** Throws `refused` when no other replica is well while one is down. */
export function refuseLast(
  candidates: readonly Pick<Candidate, 'name' | 'trouble'>[],
  name: string,
  pair: string,
): void {
  const others = candidates.filter((one) => one.name !== name);
  const down = others.filter(({ trouble }) => trouble !== null);
  if (down.length === 0 || down.length < others.length) return;
  const reasons = down.map((one) => `${one.name}: ${one.trouble ?? ''}`).join('; ');
  throw new StillpointError(
    'refused',
    `${name} is the last replica of ${pair} that is well, so it is not paused: ${reasons}`,
    { hint: `Mend the others first; \`stillpoint status ${pair}\` shows them.` },
  );
}

function lagOf({ lagSeconds }: Health): number {
  return lagSeconds ?? Infinity;
}
