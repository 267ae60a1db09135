import type { ChannelStatus } from '../dialect/dialect.js';
import type { Clock } from '../util/clock.js';
import { channelsOf } from './channels.js';
import type { Server } from './server.js';

/** How far a replica was behind its source at a moment. */
export interface LagSample {
  at: Date;
  seconds: number;
}

/**
 * The lag of the channel that is furthest behind, beyond a configured delay, in seconds; null where one
 * does not tell, as while its applier starts.
 */
export function worstLag(channels: readonly ChannelStatus[]): number | null {
  let worst = 0;
  for (const { lagSeconds, delaySeconds } of channels) {
    if (lagSeconds === null) return null;
    worst = Math.max(worst, lagSeconds - delaySeconds);
  }
  return worst;
}

/** The lag of these channels, as just read. */
export function lagSample(channels: readonly ChannelStatus[], clock: Clock): LagSample | null {
  const seconds = worstLag(channels);
  return seconds === null ? null : { at: clock.now(), seconds };
}

/** The lag now; null also when the replica does not answer. Never throws: a report is all it is for. */
export async function sampleLag(replica: Server, clock: Clock): Promise<LagSample | null> {
  return await channelsOf(replica).then(
    (channels) => lagSample(channels, clock),
    () => null,
  );
}
