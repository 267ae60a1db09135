import type { Promotion } from '../catalog/promotions.js';
import type { BinlogPosition, ChannelStatus } from '../dialect/dialect.js';
import { isPast } from '../pair/barrier.js';
import { isFrom } from '../pair/following.js';

/** How far a server has applied its source's binary log, beside another one. */
export type Standing = 'same' | 'ahead' | 'behind';

/** Both positions are of one binary log. */
export function standingOf(executed: BinlogPosition, other: BinlogPosition): Standing {
  if (!isPast(executed, other)) return 'behind';
  return isPast(other, executed) ? 'same' : 'ahead';
}

/** Whether a channel is from the server that a promotion has replaced. */
export function isFromOld(channel: ChannelStatus, { oldSource }: Promotion): boolean {
  return isFrom(channel, { ...oldSource, serverId: null });
}
