import { dumpSource, removeSeedStore, sayDump, withSeedStore } from './dumpSource.js';
import { resolvePair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { replicatesByTls } from './pair/admin.js';
import type { Server } from './pair/server.js';
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
  if (dryRun) {
    const { dialect } = source;
    const { host, port } = source.settings;
    const { replication, source: named } = resolvePair(config, pair).pair;
    const user = replication?.user ?? named.user ?? '…';
    const account = { user, password: '…', tls: await replicatesByTls(source), channel: '' };
    const says = [
      '-- restore that dump',
      ...dialect.resetToGtid('…'),
      dialect.changeSource({ host, port, ...account }, { gtid: '…' }),
      dialect.startReplica(''),
    ];
    await sayDump(source, observe);
    const { host: at = '127.0.0.1', port: its = 3306, socketPath } = options.replica;
    const on = socketPath ?? `${at}:${its}`;
    for (const sql of says) await observe({ type: 'act', on, says: sql });
    return;
  }
  await dumpSource(seeding, { pair, source: options.source, signal, observe });
  await seedReplica(seeding, { ...options, backup: 'latest' });
  await removeSeedStore(config, pair);
}
