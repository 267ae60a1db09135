import type { ChannelStatus } from './dialect/dialect.js';
import { waitingEvents } from './failover/events.js';
import { handOver, type Taken } from './failover/handOver.js';
import type { PromotionEntry } from './failover/journal.js';
import { takeRest } from './failover/takeRest.js';
import type { Promoting } from './finishPromotion.js';
import { ownPosition } from './pair/position.js';

/** Until the replica has everything there is to have, and that is on disk. */
export async function takeAll(
  promoting: Promoting,
  entry: PromotionEntry,
  channel: ChannelStatus,
  { within, isBegun }: { within: number; isBegun: boolean },
): Promise<PromotionEntry> {
  const { chosen, replica, source, signal, observe, dryRun, journal } = promoting;
  const how = { signal, observe, dryRun };
  const events = await waitingEvents(replica, source, channel);
  const settle = async ({ received, opensAt }: Taken): Promise<PromotionEntry> => {
    const switched = {
      received,
      channel: channel.name,
      events,
      opensAt,
      moving: [],
      semiSync: null,
    };
    const further: PromotionEntry = { ...entry, phase: 'switching', switched };
    await observe({ type: 'step', step: 'switch' });
    signal.throwIfAborted();
    if (!dryRun) await journal.write(further);
    return further;
  };
  if (entry.kind === 'failover' || !source) {
    const received = await takeRest(replica, channel, { within, ...how });
    return await settle({ received, opensAt: await ownPosition(replica) });
  }
  const { maxPause } = chosen.pair.failover;
  const before = { wasWritable: entry.wasWritable, ranEvents: entry.ranEvents };
  const asked = { before, isBegun, maxPause, ...how, settle };
  const handed = await handOver(source, replica, channel, asked);
  promoting.release = handed.release;
  promoting.closedAt = handed.closedAt;
  return handed.value;
}
