import type { ResolvedServer } from '../config/secret.js';
import type { BinlogPosition, ChannelStatus } from '../dialect/dialect.js';
import { reasonOf } from '../errors.js';
import { within } from '../util/within.js';
import { behindOf, errantOf, type Behind, type Seen } from './behind.js';
import { isLocked } from './lock.js';
import { openServer, type Server } from './server.js';
import { isFrom } from './following.js';
import { viewOf } from './view.js';

/** A server as it is drawn. What cannot be seen is null. */
export interface ServerStatus {
  /** `host:port` or the path of its socket; null when even that is not known. */
  address: string | null;
  uuid: string | null;
  version: string | null;
  /** Whether accounts without special privileges may write to it; false: it is closed for writes. */
  takesWrites: boolean | null;
  /** `super_read_only`; null also where the server has no such thing. */
  superReadOnly: boolean | null;
  /** Where its own binary log stands. */
  binlog: BinlogPosition | null;
  /** A source: what it has written; a replica: what it has applied. */
  gtid: string | null;
  channels: ChannelView[];
}

/** One channel of a server. */
export interface ChannelView {
  name: string;
  /** `host:port`, as the server has it. */
  source: string;
  receiver: 'running' | 'stopped' | 'connecting';
  applier: 'running' | 'stopped';
  lagSeconds: number | null;
  /** Configured delay. */
  delaySeconds: number;
  /** Why a thread has stopped or does not connect; null when nothing is wrong. */
  error: string | null;
  /** Up to where the source's binary log is applied, and received. */
  executed: BinlogPosition;
  received: BinlogPosition;
  /** Whether it is from the source of the pair; null when that is not reached. */
  fromSource: boolean | null;
  /** What the source has and it has not applied; null where it cannot be told. */
  behind: Behind | null;
}

export interface ReplicaStatus extends ServerStatus {
  /** In the configuration; null when the pair has one without a name. */
  name: string | null;
  /** Transactions that its source has not: empty for none, null where it cannot be told. */
  errant: string | null;
  /** Whether some run holds the lock. */
  running: boolean;
}

/** The servers of a pair at about one moment. */
export interface Topology {
  source: ServerStatus;
  replicas: ReplicaStatus[];
  /** Why something could not be seen. */
  problems: string[];
}

/** A server to look at. */
export interface Looked {
  /** For people. */
  who: string;
  resolve: () => Promise<ResolvedServer>;
}

/**
 * Looks at a source and its replicas and changes nothing. Never throws for what is down, and one that hangs
 * is left alone after `seconds`, as often as it hangs.
 */
export async function lookAt(
  source: Looked,
  replicas: readonly (Looked & { name: string | null })[],
  seconds: number,
): Promise<Topology> {
  // In the order of the configuration, whoever answers first.
  const problems = new Map([source, ...replicas].map(({ who }) => [who, [] as string[]]));
  const attempt = async <T>(who: string, work: () => Promise<T>): Promise<T | null> => {
    try {
      return await within(seconds, work);
    } catch (error) {
      const reason = reasonOf(error);
      problems.get(who)?.push(reason.includes(who) ? reason : `${who}: ${reason}`);
      return null;
    }
  };
  const reach = async ({ who, resolve }: Looked): Promise<Reached> => {
    let address: string | null = null;
    let isLate = false;
    const server = await attempt(who, async () => {
      const settings = await resolve();
      address = settings.socketPath ?? `${settings.host}:${settings.port}`;
      const connectTimeout = Math.min(settings.connectTimeout, seconds);
      const opened = await openServer({ ...settings, connectTimeout, patience: seconds }, who);
      if (isLate) opened.close();
      return opened;
    });
    isLate = true;
    return { address, server };
  };
  const see = async ({ server }: Reached): Promise<Seen | null> =>
    server && (await attempt(server.who, async () => ({ server, view: await viewOf(server) })));

  const reached = await Promise.all([source, ...replicas].map(reach));
  const [atSource = { address: null, server: null }, ...atReplicas] = reached;
  try {
    // The source first: what it had by then the replicas may have by now.
    const seenSource = await see(atSource);
    const seen = await Promise.all(
      atReplicas.map(async (one, index) => {
        const replica = await see(one);
        const status: ReplicaStatus = {
          name: replicas[index]?.name ?? null,
          ...statusOf(one, replica, seenSource, 'applied'),
          errant: null,
          running: false,
        };
        if (!replica) return status;
        await attempt(replica.server.who, async () => {
          status.running = await isLocked(replica.server);
          if (seenSource) await compare(seenSource, replica, status);
        });
        return status;
      }),
    );
    return {
      source: statusOf(atSource, seenSource, null, 'written'),
      replicas: seen,
      problems: [...problems.values()].flat(),
    };
  } finally {
    for (const { server } of reached) server?.close();
  }
}

interface Reached {
  address: string | null;
  server: Server | null;
}

async function compare(source: Seen, replica: Seen, status: ReplicaStatus): Promise<void> {
  for (const [index, channel] of replica.view.channels.entries()) {
    const drawn = status.channels[index];
    if (drawn?.fromSource === true) drawn.behind = await behindOf(source, replica, channel);
  }
  status.errant = await errantOf(source, replica);
}

function statusOf(
  { address, server }: Reached,
  seen: Seen | null,
  source: Seen | null,
  gtid: 'applied' | 'written',
): ServerStatus {
  const view = seen?.view;
  return {
    address,
    uuid: server?.uuid ?? null,
    version: server?.dialect.version.text ?? null,
    takesWrites: view?.takesWrites ?? null,
    superReadOnly: view?.superReadOnly ?? null,
    binlog: view?.binlog ?? null,
    gtid: view?.gtid[gtid] ?? null,
    channels: (view?.channels ?? []).map((channel) => channelView(channel, source)),
  };
}

function channelView(channel: ChannelStatus, source: Seen | null): ChannelView {
  const { name, receiver, lagSeconds, delaySeconds, executed, received } = channel;
  const from = source && {
    uuid: source.server.uuid,
    serverId: source.view.serverId,
    host: source.server.settings.host,
    port: source.server.settings.port,
  };
  return {
    name,
    source: `${channel.sourceHost}:${channel.sourcePort}`,
    receiver,
    applier: channel.applierRunning ? 'running' : 'stopped',
    lagSeconds,
    delaySeconds,
    error: channel.applierError || channel.receiverError || null,
    executed,
    received,
    fromSource: from && isFrom(channel, from),
    behind: null,
  };
}
