import { chooseSeed } from './chooseSeed.js';
import type { ChosenPair } from './config/choose.js';
import type { Config } from './config/schema.js';
import { eventsOffActs } from './failover/eventsOff.js';
import { perform } from './pair/act.js';
import { asAdmin } from './pair/admin.js';
import type { Server } from './pair/server.js';
import type { Member } from './rejoinMembers.js';
import { seedFromSource } from './seedFromSource.js';
import { seedReplica } from './seedReplica.js';
import { removeSeedStore } from './seedStore.js';
import type { Observe } from './util/observe.js';

export interface RejoinPlace {
  config: Config;
  chosen: ChosenPair;
  source: Member;
  /** What is to be restored. */
  replica: Member;
}

/** From where a server that comes back is restored. */
export type RejoinSeed = 'backup' | 'source';

/** The same: as asked, else the newest backup where that will do, else its source. */
export async function chooseRejoinSeed(
  { config, chosen: { name, pair }, source, replica }: RejoinPlace,
  asked: RejoinSeed | null,
  identity: { identityFile?: string },
): Promise<RejoinSeed> {
  const at = { pair: name, source: asAdmin(source.settings, pair.admin), ...identity };
  const between = { source: source.server, replica: replica.server, asked };
  return (await chooseSeed(config, at, between)).seed === 'backup' ? 'backup' : 'source';
}

/**
 * Empties a server and restores it, no matter how far an earlier run has come, `anew` also one that follows; answers
 * the id of the backup.
 */
export async function seedRejoined(
  { config, chosen: { name, pair }, source, replica }: RejoinPlace,
  seed: RejoinSeed,
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
    ...{ pair: name, wipe: true, before: { closed: true }, ...how },
    replica: asAdmin(replica.settings, pair.admin),
    source: asAdmin(source.settings, pair.admin),
  };
  if (seed === 'backup') return (await seedReplica(config, { ...asked, anew })).backup;
  await seedFromSource(config, { ...asked, anew }, source.server);
  await endSeeding(config, name, replica.server, { ...how, source: source.server });
  return null;
}

/** What is left to do once a server that was restored from its source follows it. */
export async function endSeeding(
  config: Config,
  pair: string,
  replica: Server,
  { source, ...how }: { source: Server; observe: Observe; dryRun: boolean },
): Promise<void> {
  // What runs on the source came with it, and would run here too.
  await perform(
    await eventsOffActs(replica, { as: how.dryRun ? source : null, isOpen: false }),
    how,
  );
  if (!how.dryRun) await removeSeedStore(config, pair);
}
