import { serversOf } from './config/replicas.js';
import { readPassword, resolveServer } from './config/secret.js';
import { StillpointError } from './errors.js';
import type { OpenBackup } from './openBackup.js';
import { replicatesByTls } from './pair/admin.js';
import { barrierOf, type Barrier } from './pair/barrier.js';
import { globalGrants, hasAny } from './pair/grants.js';
import { openServer, type Server } from './pair/server.js';

/** The identities of the pair's servers; one that does not answer cannot be the target. */
export async function memberIds({ pair }: OpenBackup): Promise<string[]> {
  const ids = await Promise.all(
    serversOf(pair).map(async (server) => {
      const opened: Server | null = await resolveServer(server)
        .then((settings) => openServer(settings, 'server of the pair'))
        .catch(() => null);
      opened?.close();
      return opened?.uuid ?? null;
    }),
  );
  return ids.filter((id) => id !== null);
}

/** A server of the pair that a restored one may follow. */
export type Followed = 'source' | 'replica';

/** What a server has written until now; null when it does not answer. */
export async function writtenOn(backup: OpenBackup, which: Followed): Promise<Barrier | null> {
  return await onServer(backup, which, barrierOf);
}

/**
 * Throws `refused` when a restored server could not follow the source for want of a privilege, which
 * would else show only once all is loaded. A source that we cannot reach may still be reachable from
 * the target, so that says nothing.
 */
export async function requireReplicationGrant(
  backup: OpenBackup,
  which: Followed = 'source',
): Promise<void> {
  if (backup.pair.replication) return;
  await onServer(backup, which, async (source) => {
    const { account, privileges } = await globalGrants(source);
    if (hasAny(privileges, ['REPLICATION SLAVE', 'REPLICATION REPLICA'])) return null;
    throw new StillpointError('refused', `the account ${account} may not replicate`, {
      hint: `Run on the source: GRANT REPLICATION SLAVE ON *.* TO ${account}; or name another account under replication.`,
    });
  });
}

async function onServer<T>(
  { name, pair }: OpenBackup,
  which: Followed,
  work: (source: Server) => Promise<T>,
): Promise<T | null> {
  const source = await openServer(await resolveServer(pair[which]), `${which} of ${name}`).catch(
    () => null,
  );
  if (!source) return null;
  try {
    return await work(source);
  } finally {
    source.close();
  }
}

/** How the target reaches the server that it is to follow: the replication account, else that server's own. */
export async function sourceOf(
  backup: OpenBackup,
  withPassword: boolean,
  which: Followed = 'source',
) {
  const { pair } = backup;
  const source = await resolveServer(pair[which]);
  const { replication } = pair;
  const password = replication ? await readPassword(replication, process.env) : source.password;
  return {
    host: source.host,
    port: source.port,
    user: replication?.user ?? source.user,
    password: withPassword ? (password ?? '') : '…',
    tls:
      (await onServer(backup, which, replicatesByTls)) ??
      (source.tls !== undefined && source.tls !== false),
  };
}
