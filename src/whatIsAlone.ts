import type { Promotion } from './catalog/promotions.js';
import type { ChannelStatus } from './dialect/dialect.js';
import { reasonOf, StillpointError } from './errors.js';
import { extraOf, goByGtid, type Extra } from './failover/extra.js';
import { mayHaveLost } from './failover/mayHaveLost.js';
import { applyReceived } from './failover/relayLogs.js';
import { isFromOld, standingOf } from './failover/standing.js';
import { doing, perform, statement } from './pair/act.js';
import { channelsOf } from './pair/channels.js';
import type { Server } from './pair/server.js';
import type { Observe } from './util/observe.js';

/** What a server that is to follow a source has that this one has not. */
export interface Alone {
  /** Null for nothing. */
  extra: Extra | null;
  /** Why it cannot go on as it is, as a clause; null where it can. */
  doubt: string | null;
  /** The channel that it has, which is to be turned to the source; empty also for none. */
  channel: string;
}

interface How {
  signal: AbortSignal;
  observe: Observe;
  dryRun: boolean;
}

/** Seconds that applying the relay logs may take. */
const patience = 24 * 3600;

/** Throws `refused` where a server follows several: what came from the others is not on the source. */
export async function refuseSeveralChannels(server: Server): Promise<void> {
  if ((await channelsOf(server)).length < 2) return;
  throw new StillpointError('refused', `the ${server.who} follows several servers`, {
    hint: 'All that it holds might have to be restored: turn its channel to the new source by hand.',
  });
}

/** Finds what a server has alone. One that still follows the old source applies first what it has received of that. */
export async function whatIsAlone(
  server: Server,
  source: Server,
  promotion: Promotion | null,
  how: How,
): Promise<Alone> {
  const [first] = await channelsOf(server);
  if (!first) {
    const extra = await extraOf(server, source, promotion);
    const doubt = extra ? extra.doubt : await mayHaveLost(server, promotion);
    return { extra, doubt, channel: '' };
  }
  const broken = await takeReceived(server, first, how);
  const [channel = first] = await channelsOf(server);
  const { name } = channel;
  const gtid = await goByGtid(server, source);
  const isOfOld = promotion !== null && isFromOld(channel, promotion);
  if (gtid || !isOfOld) {
    const extra = await extraOf(server, source, null);
    return { extra, doubt: extra?.doubt ?? broken, channel: name };
  }
  const { position } = promotion.received;
  const standing = standingOf(channel.executed, position);
  const text = (at: typeof position) => `${at.file}:${at.position}`;
  if (standing === 'ahead') {
    const says = `what it applied of its source from ${text(position)} to ${text(channel.executed)}`;
    const extra = { says, gtids: null, from: null, doubt: null };
    return { extra, doubt: broken, channel: name };
  }
  const late = `it has applied its source only up to ${text(channel.executed)}, and there are no GTIDs to go on by`;
  return { extra: null, doubt: broken ?? (standing === 'behind' ? late : null), channel: name };
}

/** Nothing more comes in, and all that did is applied; answers why it cannot be, null when it was. */
async function takeReceived(
  server: Server,
  { name, applierErrno, applierError, applierRunning }: ChannelStatus,
  { signal, observe, dryRun }: How,
): Promise<string | null> {
  const { dialect } = server;
  if (applierErrno !== 0) return `its SQL thread has failed (${applierError})`;
  let broken: string | null = null;
  const apply = doing(server, '-- wait until it has applied its relay logs', async () => {
    await applyReceived(server, name, { within: patience, signal, observe }).catch(
      (error: unknown) => {
        if (!(error instanceof StillpointError) || error.code !== 'failed') throw error;
        broken = reasonOf(error);
      },
    );
  });
  const starts = applierRunning ? [] : [statement(server, dialect.startApplier(name))];
  const acts = [statement(server, dialect.stopReceiver(name)), ...starts, apply];
  await perform(acts, { observe, dryRun });
  return broken;
}
