import type { ChosenPair } from './config/choose.js';
import type { Config } from './config/schema.js';
import type { ChannelStatus } from './dialect/dialect.js';
import { reasonOf, StillpointError } from './errors.js';
import type { Identity } from './pair/following.js';
import { isUnanswered, signOfLife } from './failover/silence.js';
import { waitForRunEnd } from './freeze/runEnd.js';
import { addressOf } from './pair/act.js';
import { isWritable } from './pair/admin.js';
import { channelsOf } from './pair/channels.js';
import { lockHolder } from './pair/lock.js';
import { kill, type Server } from './pair/server.js';
import type { PromoteOptions } from './promoteOptions.js';
import { ignore } from './util/observe.js';

/** Who promotes what. */
export interface Promoter {
  config: Config;
  chosen: ChosenPair;
  options: PromoteOptions;
  replica: Server;
  /** Null when it does not answer, or turns us away: then `absent` is why. */
  source: Server | null;
  absent: unknown;
  /** What of another replica would be lost, see pickPromoted.ts. */
  loss: string;
}

/** Seconds in which a backup that was told to end has resumed the replica. */
const endsWithin = 120;

/** Throws `refused` where both nodes take writes already. */
export function refuseTwoWriters({ name, pair }: ChosenPair): void {
  if (pair.topology === 'source-replica') return;
  throw new StillpointError(
    'refused',
    `both nodes of ${name} take writes: none is to be promoted`,
    {
      hint: 'Point the application at the one that is there; topology: source-replica makes it a pair with one source.',
    },
  );
}

const fenced = 'See to it that it takes none, then say --source-fenced.';

/** Throws `refused` while the source may take writes, as far as anybody here can tell. */
export async function refuseLiving(
  { source, absent: why, replica, options, chosen }: Promoter,
  channel: ChannelStatus,
  signal: AbortSignal,
): Promise<void> {
  if (options.sourceFenced) return;
  const { observe = ignore } = options;
  if (source) {
    const writes = (await isWritable(source)) ? 'answers and takes writes' : 'answers';
    throw new StillpointError(
      'refused',
      `the ${source.who} ${writes}: two servers of one pair would go apart`,
      {
        hint: `Let them change their roles with: stillpoint pair promote ${chosen.name} --switchover`,
      },
    );
  }
  if (!isUnanswered(why)) {
    throw new StillpointError('refused', `the source of ${chosen.name} answers: ${reasonOf(why)}`, {
      hint: `It may take writes, and these would be lost. ${fenced}`,
    });
  }
  if (channel.receiver === 'stopped') {
    const text = `the I/O thread of the ${replica.who} was stopped: it lacks all that the source wrote since`;
    await observe({ type: 'warning', text });
  }
  const sign = options.dryRun ? null : await signOfLife(replica, channel.name, { signal, observe });
  if (sign === null) return;
  throw new StillpointError(
    'refused',
    `the source of ${chosen.name} does not answer here, but it lives: ${sign}`,
    { hint: `Writes that it takes would be lost. ${fenced}` },
  );
}

/** The replica does not follow the source. */
export function noReplica({ who }: Server, { host, port }: Identity): StillpointError {
  return new StillpointError('refused', `the ${who} does not follow ${host}:${port}`, {
    hint: 'Is it the replica that the configuration means? `stillpoint status` shows both servers.',
  });
}

/** A replica that follows other servers, too, cannot change its role with one of them. */
export async function refuseSeveralSources(
  { options, replica }: Promoter,
  channel: ChannelStatus,
): Promise<void> {
  if (options.switchover !== true) return;
  const other = (await channelsOf(replica)).find(({ name }) => name !== channel.name);
  if (!other) return;
  throw new StillpointError(
    'refused',
    `the ${replica.who} follows ${other.sourceHost}:${other.sourcePort} too: the old source would have to take what comes from there as well`,
    {
      hint: 'Stop the application and the source, promote without --switchover, and set the old source up anew: stillpoint pair setup --replace',
    },
  );
}

/** Ends the run that holds the lock, and waits until it has resumed the replica. */
export async function endBackup({ replica, options }: Promoter): Promise<void> {
  const { observe = ignore } = options;
  const holder = await lockHolder(replica);
  if (holder === null) return;
  await observe({ type: 'act', on: addressOf(replica), says: `KILL CONNECTION ${holder}` });
  await kill(replica, holder);
  await waitForRunEnd(replica, endsWithin);
}

/** Another run holds the lock. */
export function busy(error: StillpointError): StillpointError {
  return new StillpointError('refused', `${error.message}: a backup or another promotion`, {
    hint: 'Wait for its end, or end a backup with --end-backup: it fails, and the replica goes on.',
    cause: error,
  });
}

/** A switchover needs both. */
export function absent(error: unknown, name: string): StillpointError {
  const gone = `If the source is gone, let the replica take its place with: stillpoint pair promote ${name}`;
  const hint = isUnanswered(error) || !(error instanceof StillpointError) ? gone : error.hint;
  return new StillpointError('refused', `no switchover: ${reasonOf(error)}`, {
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}
