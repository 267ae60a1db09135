import type { ChannelStatus } from '../dialect/dialect.js';
import { channelsOf } from '../pair/channels.js';
import { perform, statement } from '../pair/act.js';
import type { Server } from '../pair/server.js';
import type { Observe } from '../util/observe.js';
import { waitFor } from '../util/wait.js';

/** Seconds in which a receiver sees that the other end of its connection has gone. */
const notices = 5;
/** Seconds in which a receiver that starts has connected, if its source lives, or has failed to. */
const connects = 15;

/**
 * Whether a replica's source is silent for it too: its receiver has lost it and does not find it again. One
 * that still believes to be connected is left alone for a moment, since it may have to read what is on
 * its way, and is then made to connect anew. One that somebody has stopped tells nothing, and counts as silent.
 */
export async function isSilent(
  replica: Server,
  name: string,
  { signal, observe }: { signal: AbortSignal; observe: Observe },
): Promise<boolean> {
  const lost = await waitFor(
    async () => ((await receiverOf(replica, name))?.receiver === 'running' ? null : true),
    { within: notices, signal },
  );
  if (!lost) {
    const { dialect } = replica;
    const restart = [dialect.stopReceiver(name), dialect.startReceiver(name)];
    const acts = restart.map((sql) => statement(replica, sql));
    await perform(acts, { observe, dryRun: false });
  }
  const verdict = await waitFor(
    async () => {
      const channel = await receiverOf(replica, name);
      if (channel?.receiver === 'running') return 'lives';
      const isOff = channel?.receiver === 'stopped' || channel?.receiverError !== '';
      return isOff ? 'silent' : null;
    },
    { within: connects, signal },
  );
  return verdict !== 'lives';
}

async function receiverOf(replica: Server, name: string): Promise<ChannelStatus | undefined> {
  return (await channelsOf(replica)).find((channel) => channel.name === name);
}
