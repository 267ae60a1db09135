import type { ChosenPair } from './config/choose.js';
import { replicasOf, replicaTitle, type PairReplica } from './config/replicas.js';
import type { ServerConfig } from './config/schema.js';
import { resolveServer } from './config/secret.js';
import { reasonOf } from './errors.js';
import { openServer, type Server } from './pair/server.js';
import { within } from './util/within.js';

/** A replica of a pair that was reached, or why it was not. */
export interface OpenReplica extends PairReplica {
  server: ServerConfig;
  opened: Server | null;
  /** Why not; empty when it was. */
  reason: string;
}

/** Seconds for one that hangs: the others are not to wait for it. */
const patience = 10;

/** How a server is opened, given who it is for people. */
export type Open = (server: ServerConfig, who: string) => Promise<Server>;

/** As the account of the server itself. */
export const asItself: Open = async (server, who) =>
  await openServer(await resolveServer(server), who);

/**
 * Runs `body` with all replicas of a pair, or those of them that are `wanted`: the ones that answer are open
 * until it ends.
 */
export async function withReplicas<T>(
  { name, pair }: Pick<ChosenPair, 'name' | 'pair'>,
  body: (replicas: OpenReplica[]) => Promise<T>,
  {
    open = asItself,
    wanted = () => true,
  }: { open?: Open; wanted?: (one: PairReplica) => boolean } = {},
): Promise<T> {
  const replicas = await Promise.all(
    replicasOf(pair)
      .filter(wanted)
      .map(async (one) => await openOne(one, replicaTitle(name, one.name), open)),
  );
  try {
    return await body(replicas);
  } finally {
    for (const { opened } of replicas) opened?.close();
  }
}

async function openOne(replica: PairReplica, who: string, open: Open): Promise<OpenReplica> {
  let isLate = false;
  const opening = async () => {
    const opened = await open(replica.server, who);
    if (isLate) opened.close();
    return opened;
  };
  try {
    return { ...replica, opened: await within(patience, opening), reason: '' };
  } catch (error) {
    isLate = true;
    return { ...replica, opened: null, reason: reasonOf(error) };
  }
}
