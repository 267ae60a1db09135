import { resolvePair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { dumpSource } from './dumpSource.js';
import { replicatesByTls } from './pair/admin.js';
import { gtidStateOf, ownPosition } from './pair/position.js';
import type { Server } from './pair/server.js';
import { attachStatements } from './restore/attach.js';
import { removeSeedStore, withSeedStore } from './seedStore.js';
import { seedReplica, type SeedReplicaOptions } from './seedReplica.js';
import { ignore } from './util/observe.js';

/**
 * Seeds a replica from what its source holds now, by a dump that is kept in the state directory until the
 * replica follows. When it was interrupted, the same call goes on. Events that run on the source are on there too
 * then: the caller sees to it that none runs, and turns them off.
 */
export async function seedFromSource(
  config: Config,
  options: SeedReplicaOptions,
  source: Server,
): Promise<void> {
  const { pair, observe = ignore, dryRun = false } = options;
  const signal = options.signal ?? new AbortController().signal;
  const seeding = withSeedStore(config, pair);
  await observe({ type: 'step', step: 'dump-source' });
  await dumpSource(seeding, { pair, source: options.source, dryRun, signal, observe });
  const ofDump = { attachStatements: dryRun ? await attachPlanned(config, pair, source) : [] };
  await seedReplica(seeding, { ...options, backup: 'latest', ofDump });
  if (!dryRun) await removeSeedStore(config, pair);
}

/** What will attach a server to its source, whose coordinates are not known yet. */
async function attachPlanned(config: Config, pair: string, source: Server): Promise<string[]> {
  const { replication, source: named } = resolvePair(config, pair).pair;
  const user = replication?.user ?? named.user ?? '…';
  const { host, port } = source.settings;
  const tls = await replicatesByTls(source);
  const { written } = await gtidStateOf(source);
  const position = (await ownPosition(source)) ?? { file: '…', position: 4 };
  const channel = { name: '', source: position };
  const coordinates = { gtid: written === null ? null : '…', channels: [channel] };
  const address = { host, port, user, password: '…', tls, channel: '' };
  return attachStatements(source.dialect, { coordinates }, [address]);
}
