import { dumpSource, removeSeedStore, withSeedStore } from './dumpSource.js';
import type { Config } from './config/schema.js';
import { dataBytes } from './failover/room.js';
import { addressOf } from './pair/act.js';
import type { Server } from './pair/server.js';
import { seedReplica, type SeedReplicaOptions } from './seedReplica.js';
import { ignore } from './util/observe.js';
import { bytesText } from './util/text.js';

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
  const size = `about ${bytesText(await dataBytes(source))}`;
  await observe({ type: 'step', step: 'dump-source' });
  for (const says of [
    `-- dump all databases and accounts, ${size}, from snapshots that are opened under`,
    'FLUSH TABLES WITH READ LOCK',
    '-- which is let go of as soon as they are open; definitions cannot be changed until the dump has ended',
  ])
    await observe({ type: 'act', on: addressOf(source), says });
  if (dryRun) {
    const { dialect } = source;
    const { host, port } = source.settings;
    const account = { user: '…', password: '…', tls: false, channel: '' };
    const from = { gtid: '…' };
    const says = [
      '-- restore that dump',
      ...dialect.resetToGtid('…'),
      dialect.changeSource({ host, port, ...account }, from),
      dialect.startReplica(''),
    ];
    for (const sql of says) await observe({ type: 'act', on: '', says: sql });
    return;
  }
  await dumpSource(seeding, { pair, source: options.source, signal, observe });
  await seedReplica(seeding, { ...options, backup: 'latest' });
  await removeSeedStore(config, pair);
}
