import { StillpointError } from '../errors.js';
import { doing, type Act } from '../pair/act.js';
import { channelsOf } from '../pair/channels.js';
import { channelOf, leadsTo } from '../pair/following.js';
import type { Server } from '../pair/server.js';
import { waitFor } from '../util/wait.js';

/** The channel that only tries to connect. */
const trial = 'stillpoint_trial';
/** Nobody's account: whatever a source answers to it, it was reached. */
const account = { user: 'stillpoint_trial', password: '', tls: false };
/** No socket, no connection, no such host, gone away, lost at once. */
const unreached = new Set([2002, 2003, 2005, 2006, 2013, 2055]);
/** A server that has blocked us for too many failures: it is there, but not reached. */
const blocked = 1129;

/** Whether an error of a receiver says that its source did not answer. Any other is an answer. */
export function isUnreached(errno: number): boolean {
  return unreached.has(errno);
}

/**
 * Sees whether a server reaches the one that it is to follow, before anything depends on it: that we reach both
 * says nothing of that. The channel that it has from there tells, unless that is stopped without an error; else one
 * of its own tries to connect, and is removed again. Throws `refused` when it does not.
 */
export function reachAct(follower: Server, source: Server): Act {
  const { host, port } = source.settings;
  return doing(follower, `-- see whether it reaches ${host}:${port}`, async () => {
    const { dialect } = follower;
    await forgetTrial(follower);
    const own = await channelOf(follower, source);
    // MariaDB has no two channels from one server.
    if (own && leadsTo(own, source)) {
      if (own.receiver !== 'stopped') await refuseUnreached(follower, source, own.name);
      else if (isCutOff(own.receiverErrno)) throw notReached(follower, source, own.receiverError);
      return;
    }
    const from = { position: { file: 'none.000001', position: 4 } };
    await follower.query(dialect.changeSource({ host, port, ...account, channel: trial }, from));
    try {
      await follower.query(dialect.startReceiver(trial));
      await refuseUnreached(follower, source, trial);
    } finally {
      await forgetTrial(follower);
    }
  });
}

/** Waits until a receiver is answered, be it that it is turned away. */
async function refuseUnreached(follower: Server, source: Server, name: string): Promise<void> {
  const { connectTimeout } = source.settings;
  let said = { errno: 0, error: '' };
  const isReached = async () => {
    const channel = (await channelsOf(follower)).find((other) => other.name === name);
    if (!channel) return null;
    said = { errno: channel.receiverErrno, error: channel.receiverError };
    return said.errno !== 0 || channel.receiver === 'running' ? true : null;
  };
  const has = await waitFor(isReached, { within: connectTimeout });
  if (has && !isCutOff(said.errno)) return;
  throw notReached(follower, source, has ? said.error : `no answer for ${connectTimeout} s`);
}

function isCutOff(errno: number): boolean {
  return isUnreached(errno) || errno === blocked;
}

/** Removes what a run that was killed has left of it. */
export async function forgetTrial(follower: Server): Promise<void> {
  if (!(await channelsOf(follower)).some(({ name }) => name === trial)) return;
  await follower.query(follower.dialect.stopReplica(trial));
  await follower.query(follower.dialect.forgetSource(trial));
}

function notReached(follower: Server, source: Server, why: string): StillpointError {
  const { host, port } = source.settings;
  return new StillpointError(
    'refused',
    `the ${follower.who} does not reach ${host}:${port}: ${why}`,
    {
      hint: 'Open the way from there to it (firewall, bind_address), or name the source in the configuration by an address that both reach.',
    },
  );
}
