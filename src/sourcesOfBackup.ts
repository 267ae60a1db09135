import type { ServerConfig } from './config/schema.js';
import { readPassword, resolveServer, type ResolvedServer } from './config/secret.js';
import type { SourceAddress } from './dialect/dialect.js';
import { StillpointError } from './errors.js';
import type { OpenBackup } from './openBackup.js';
import { asAdmin, replicatesByTls } from './pair/admin.js';
import { barrierOf, type Barrier } from './pair/barrier.js';
import { globalGrants, hasAny } from './pair/grants.js';
import { openServer, type Server } from './pair/server.js';

/** A server of the pair that a restored one may follow. */
export type Followed = 'source' | 'replica';

/** A server that a restored one follows, by the channel that the replica had for it. */
interface Source {
  channel: string;
  /** In errors. */
  who: string;
  server: ServerConfig;
  /** The account it is followed with; undefined for that of `server`. */
  account: OpenBackup['pair']['replication'];
  /** Whether it is reached by TLS, where `server` does not say; null: as it offers. */
  byTls: boolean | null;
}

/** One for each channel of the replica that was backed up. Of a single channel it is the server that the pair names. */
function sourcesOf({ name, pair, record }: OpenBackup, which: Followed): Source[] {
  const { channels } = record.coordinates;
  const ofPair = {
    ...{ who: `${which} of ${name}`, server: pair[which], account: pair.replication },
    byTls: null,
  };
  return channels.map(({ name: channel, host, port, byTls = null }) => {
    if (channels.length === 1 || which === 'replica') return { channel, ...ofPair };
    const who = `source of channel "${channel}" of ${name}`;
    const own = { account: undefined, byTls };
    const given = pair.channels?.[channel];
    if (given) return { channel, who, server: placed(given, { host, port }), ...own };
    const { source } = pair;
    const isOfPair = (source.host ?? '127.0.0.1') === host && (source.port ?? 3306) === port;
    if (isOfPair) return { channel, ...ofPair };
    const server = { ...asAdmin(source, pair.replication), host, port };
    delete server.socketPath;
    return { channel, who, server, ...own };
  });
}

function placed(given: ServerConfig, at: { host: string; port: number }): ServerConfig {
  const isPlaced = given.host !== undefined || given.socketPath !== undefined;
  return isPlaced ? given : { ...at, ...given };
}

/** How a restored server reaches those that it is to follow: one for each channel, by the name of that. */
export async function sourceAddresses(
  backup: OpenBackup,
  withPassword: boolean,
  which: Followed = 'source',
): Promise<SourceAddress[]> {
  const sources = sourcesOf(backup, which);
  return await Promise.all(
    sources.map(async (source) => {
      const { account, channel } = source;
      const { host, port, tls, ...own } = await resolveServer(source.server);
      const password = account ? await readPassword(account) : own.password;
      return {
        ...{ channel, host, port },
        user: account?.user ?? own.user,
        password: withPassword ? (password ?? '') : '…',
        tls: await byTls(source, tls),
      };
    }),
  );
}

async function byTls(source: Source, configured: ResolvedServer['tls']): Promise<boolean> {
  if (configured !== undefined) return configured !== false;
  return source.byTls ?? (await onSource(source, replicatesByTls)) ?? false;
}

/** What each of these servers has written until now, by channel; null when it does not say. */
export async function writtenOnSources(
  backup: OpenBackup,
  which: Followed = 'source',
): Promise<ReadonlyMap<string, Barrier | null>> {
  const sources = sourcesOf(backup, which);
  return new Map(
    await Promise.all(
      sources.map(async (source) => {
        // The account of a source that the pair does not name may see no more than that it replicates.
        const written = onSource(source, barrierOf);
        return [
          source.channel,
          await (sources.length > 1 ? written.catch(() => null) : written),
        ] as const;
      }),
    ),
  );
}

/**
 * Throws `refused` when a restored server could not follow a source for want of a privilege, which would else
 * show only once all is loaded. A source that we cannot reach may still be reachable from the target, so that
 * says nothing.
 */
export async function requireReplicationGrants(
  backup: OpenBackup,
  which: Followed = 'source',
): Promise<void> {
  for (const source of sourcesOf(backup, which)) {
    if (source.account) continue;
    await onSource(source, async (server) => {
      const { account, privileges } = await globalGrants(server);
      if (hasAny(privileges, ['REPLICATION SLAVE', 'REPLICATION REPLICA'])) return;
      throw new StillpointError('refused', `the account ${account} may not replicate`, {
        hint: `Run on the ${source.who}: GRANT REPLICATION SLAVE ON *.* TO ${account}; or name another account under replication.`,
      });
    });
  }
}

/** Null where the server does not answer. */
async function onSource<T>(
  { server, who }: Source,
  work: (source: Server) => Promise<T>,
): Promise<T | null> {
  const source = await openServer(await resolveServer(server), who).catch(() => null);
  if (!source) return null;
  try {
    return await work(source);
  } finally {
    source.close();
  }
}
