import { chooseSeed } from './chooseSeed.js';
import type { ChosenPair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { removeSeedStore } from './dumpSource.js';
import { eventsOffActs } from './failover/eventsOff.js';
import { perform } from './pair/act.js';
import { asAdmin } from './pair/admin.js';
import type { Server } from './pair/server.js';
import type { Member } from './rejoinMembers.js';
import { seedFromSource } from './seedFromSource.js';
import { seedReplica } from './seedReplica.js';
import type { Observe } from './util/observe.js';

export interface RejoinPlace {
  config: Config;
  chosen: ChosenPair;
  source: Member;
  /** What is to be restored. */
  replica: Member;
}

/** From where a server that comes back is restored: the newest backup, else its source. */
export async function chooseRejoinSeed({
  config,
  chosen: { name, pair },
  source,
  replica,
}: RejoinPlace): Promise<'backup' | 'source'> {
  const at = { pair: name, source: asAdmin(source.settings, pair.admin) };
  const between = { source: source.server, replica: replica.server, asked: null };
  return (await chooseSeed(config, at, between)).seed === 'backup' ? 'backup' : 'source';
}

/**
 * Empties a server and restores it, no matter how far an earlier run has come, `anew` also one that follows; answers
 * the id of the backup.
 */
export async function seedRejoined(
  { config, chosen: { name, pair }, source, replica }: RejoinPlace,
  seed: 'backup' | 'source',
  {
    anew,
    ...how
  }: {
    identityFile?: string;
    anew: boolean;
    observe: Observe;
    dryRun: boolean;
    signal: AbortSignal;
  },
): Promise<string | null> {
  const asked = {
    ...{ pair: name, wipe: true, ...how },
    replica: asAdmin(replica.settings, pair.admin),
    source: asAdmin(source.settings, pair.admin),
  };
  if (seed === 'backup') return (await seedReplica(config, { ...asked, anew })).backup;
  await seedFromSource(config, { ...asked, anew }, source.server);
  await endSeeding(config, name, replica.server, how);
  return null;
}

/** What is left to do once a server that was restored from its source follows it. */
export async function endSeeding(
  config: Config,
  pair: string,
  replica: Server,
  how: { observe: Observe; dryRun: boolean },
): Promise<void> {
  // What runs on the source came with it, and would run here too.
  await perform(await eventsOffActs(replica), how);
  if (!how.dryRun) await removeSeedStore(config, pair);
}
