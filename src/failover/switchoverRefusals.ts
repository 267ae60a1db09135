import type { ChosenPair } from '../config/choose.js';
import { StillpointError } from '../errors.js';
import { addressOf } from '../pair/act.js';
import { binlogFiltersOf } from '../pair/binlogFilters.js';
import { channelsOf } from '../pair/channels.js';
import { channelOf } from '../pair/following.js';
import { gtidStateOf } from '../pair/position.js';
import type { Server } from '../pair/server.js';
import { variablesOf } from '../pair/variables.js';
import type { Observe } from '../util/observe.js';
import { closing, orReopen, type OpenState } from './closing.js';
import { extraByGtid } from './extra.js';
import { refusePreparedXa } from './preparedXa.js';

/** Two servers of which one is to take the place of the other. */
export interface Turn {
  chosen: ChosenPair;
  /** Null when it does not answer. */
  source: Server | null;
  replica: Server;
  /** How the source was before a run that was killed closed it; null where nothing was begun. */
  begun: OpenState | null;
  observe: Observe;
}

type Switching = Turn & { source: Server };

/**
 * Throws `refused` where two servers could not change their roles without a loss, or the old source could not follow.
 * Changes nothing, but that a source which a killed run has closed takes writes again. A failover has to go through:
 * what is known is only said.
 */
export async function refuseTurn(
  { source, ...turn }: Turn,
  { switchover = false }: { switchover?: boolean },
): Promise<void> {
  const { replica, begun, observe } = turn;
  if (!switchover || !source) {
    const off = await loggingOff(replica);
    if (off !== null) await observe({ type: 'warning', text: unlogged(replica, off) });
    return;
  }
  const switching: Switching = { ...turn, source };
  const look = async () => {
    await refuseOtherSource(switching);
    await refuseBinlogFilters(switching);
    await refuseExtra(switching);
    await refuseUnlogged(replica);
    await refusePreparedXa(source);
  };
  if (begun === null) await look();
  else await orReopen(source, closing(source, { before: begun, seconds: 0, isBegun: true }), look);
}

/** What a third server writes would not come to the pair any more. */
async function refuseOtherSource({ source, replica }: Switching): Promise<void> {
  const own = await channelOf(source, replica);
  const other = (await channelsOf(source)).find(({ name }) => name !== own?.name);
  if (!other) return;
  const { dialect } = source;
  throw new StillpointError(
    'refused',
    `the ${source.who} follows ${other.sourceHost}:${other.sourcePort} itself: the new source would get nothing from there`,
    {
      hint: `If that is to end, run on it: ${dialect.stopReplica(other.name)}; ${dialect.forgetSource(other.name)};`,
    },
  );
}

async function refuseBinlogFilters({ source, replica }: Switching): Promise<void> {
  const filters = await binlogFiltersOf(source);
  if (filters.length === 0) return;
  throw new StillpointError(
    'refused',
    `the ${source.who} leaves data out of its binary log (${filters.join(', ')}): the ${replica.who} lacks it`,
    {
      hint: 'Remove that from its option file, restart it, and make the replica anew: stillpoint pair setup --replace',
    },
  );
}

/** They would become part of the pair, or break what follows: the source does not have them. */
async function refuseExtra({ chosen, source, replica }: Switching): Promise<void> {
  const extra = await extraByGtid(replica, source);
  if (extra === null) return;
  const which = chosen.replicaName === null ? '' : ` --replica ${chosen.replicaName}`;
  throw new StillpointError(
    'refused',
    `the ${replica.who} has what its source has not: ${extra.says}`,
    {
      hint: `Look at it in the binary logs of ${addressOf(replica)}; to save it and make that server a copy of its source again: stillpoint pair rejoin ${chosen.name}${which}`,
    },
  );
}

/** The old source has to find in its binary log where it is to go on. */
async function refuseUnlogged(replica: Server): Promise<void> {
  const off = await loggingOff(replica);
  if (off !== null) {
    throw new StillpointError('refused', unlogged(replica, off), {
      hint: `Set ${off} in its option file and restart it.`,
    });
  }
  const { applied } = await gtidStateOf(replica);
  const ask = async (sql: string) => await replica.query(sql);
  const why = applied === null ? '' : await replica.dialect.whyNotFrom(ask, applied);
  if (why === '') return;
  throw new StillpointError(
    'refused',
    `the old source could not follow the ${replica.who}, whose binary log lacks what it has applied: ${why}`,
    { hint: 'Make that server anew: stillpoint pair setup --replace' },
  );
}

/** What has to be on so that a server logs what it replicates, and is not; null where all is. */
async function loggingOff(server: Server): Promise<string | null> {
  const values = await variablesOf(server, ['log_bin', 'log_slave_updates', 'log_replica_updates']);
  return [...values].find(([, value]) => value !== 'ON')?.[0] ?? null;
}

function unlogged({ who }: Server, off: string): string {
  return `the ${who} has ${off} off: nobody could follow it`;
}
